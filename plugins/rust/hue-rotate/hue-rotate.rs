//! hue-rotate: turns every colour around the colour wheel; greys stay as they are.
//! SPDX-License-Identifier: MIT
#![allow(non_upper_case_globals, non_snake_case)]

#[macro_use]
#[path = "../../sdk/plugdeck.rs"]
mod plugdeck;
use plugdeck::{Image, ImageMut};

pd_plugin!("hue-rotate", "1.0.0", "The Plugdeck authors", "MIT", "Turns every colour around the colour wheel.");
pd_image_transform!(220, "pointwise", rotate);
pd_real!(angle, "Angle", -180.0, 180.0, 40.0, "°");

/// The rotation around the grey axis that keeps the luma, as the CSS filter `hue-rotate` defines it.
fn matrix(degrees: f64) -> [[f32; 3]; 3] {
    const LUMA: [f64; 3] = [0.213, 0.715, 0.072];
    const SINE: [[f64; 3]; 3] = [[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]];
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let mut rows = [[0.0; 3]; 3];
    for (to, row) in rows.iter_mut().enumerate() {
        for (from, factor) in row.iter_mut().enumerate() {
            let own = if to == from { 1.0 } else { 0.0 };
            *factor = (LUMA[from] + cosine * (own - LUMA[from]) + sine * SINE[to][from]) as f32;
        }
    }
    rows
}

fn rotate(from: &Image, to: &mut ImageMut) -> Result<(), String> {
    let rows = matrix(angle.get());
    for y in 0..from.place.height {
        for (old, new) in from.row(y).chunks_exact(4).zip(to.row(y).chunks_exact_mut(4)) {
            let (red, green, blue) = (f32::from(old[0]), f32::from(old[1]), f32::from(old[2]));
            for (tone, [r, g, b]) in new.iter_mut().zip(rows) {
                *tone = (r * red + g * green + b * blue + 0.5).clamp(0.0, 255.0) as u8;
            }
            new[3] = old[3];
        }
    }
    Ok(())
}
