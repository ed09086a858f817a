//! The contract of `plugdeck.h` for Rust, in one file and without crates. Put it beside your source, and:
//!
//! ```ignore
//! #[macro_use]
//! mod plugdeck;
//! use plugdeck::{Image, ImageMut};
//!
//! pd_plugin!("invert", "1.0.0", "Your name", "MIT", "Inverts the colours.");
//! pd_image_transform!(100, "pointwise", invert);
//!
//! fn invert(from: &Image, to: &mut ImageMut) -> Result<(), String> { … }
//! ```
//!
//! Build it with `rustc --edition 2021 --crate-type cdylib -O`. A panic becomes an error of that one call.
//!
//! SPDX-License-Identifier: MIT
#![allow(dead_code)]

use std::cell::UnsafeCell;
use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_void}; // std::ffi has them only since Rust 1.64; Debian 12 ships 1.63
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicPtr, Ordering};

// ------------------------------------------------------------------ types

/// `pd_image`.
#[repr(C)]
pub struct RawImage {
    data: *mut u8,
    stride: usize,
    width: i32,
    height: i32,
    format: u32,
    x: i32,
    y: i32,
    full_width: i32,
    full_height: i32,
    scale: f64,
}

/// `pd_host`, as far as it is used here.
#[repr(C)]
pub struct Host {
    size: u32,
    abi_major: u16,
    abi_minor: u16,
    context: *mut c_void,
    log: extern "C" fn(*const Host, c_int, *const c_char),
    progress: extern "C" fn(*const Host, f64),
    cancelled: extern "C" fn(*const Host) -> c_int,
    fail: extern "C" fn(*const Host, *const c_char),
}

/// Where a picture, or a tile of it, lies in the whole. See `pd_image` for the members.
#[derive(Clone, Copy)]
pub struct Place {
    pub width: usize,
    pub height: usize,
    pub x: i32,
    pub y: i32,
    pub full_width: i32,
    pub full_height: i32,
    pub scale: f64,
}

/// The input: rows of red, green, blue, alpha.
pub struct Image<'a> {
    raw: &'a RawImage,
    pub place: Place,
}

/// The output: every pixel is yours to write.
pub struct ImageMut<'a> {
    raw: &'a RawImage,
    pub place: Place,
}

impl RawImage {
    fn place(&self) -> Place {
        Place {
            width: self.width as usize,
            height: self.height as usize,
            x: self.x,
            y: self.y,
            full_width: self.full_width,
            full_height: self.full_height,
            scale: self.scale,
        }
    }

    fn row(&self, y: usize) -> *mut u8 {
        assert!(y < self.height as usize, "row {y} of {}", self.height);
        // SAFETY: the host promises `height` rows, `stride` bytes from one to the next.
        unsafe { self.data.add(y * self.stride) }
    }
}

impl Image<'_> {
    /// One row, four bytes a pixel.
    pub fn row(&self, y: usize) -> &[u8] {
        // SAFETY: a row has `width` pixels, and nobody writes to the input during the call.
        unsafe { std::slice::from_raw_parts(self.raw.row(y), self.place.width * 4) }
    }
}

impl ImageMut<'_> {
    /// One row to write to, four bytes a pixel.
    pub fn row(&mut self, y: usize) -> &mut [u8] {
        // SAFETY: as above; the output never overlaps the input, and `&mut self` lends one row at a time.
        unsafe { std::slice::from_raw_parts_mut(self.raw.row(y), self.place.width * 4) }
    }
}

/// A parameter: an exported variable that the host writes between calls.
#[repr(transparent)]
pub struct Variable<T: Copy>(UnsafeCell<T>);

// SAFETY: written by the host between calls only.
unsafe impl<T: Copy> Sync for Variable<T> {}

impl<T: Copy> Variable<T> {
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    pub fn get(&self) -> T {
        // SAFETY: see above; volatile, since the compiler cannot see the host's writing.
        unsafe { self.0.get().read_volatile() }
    }
}

// ------------------------------------------------------------------- host

static HOST: AtomicPtr<Host> = AtomicPtr::new(std::ptr::null_mut());

fn host() -> Option<&'static Host> {
    // SAFETY: the host's table lives as long as the process.
    unsafe { HOST.load(Ordering::Acquire).as_ref() }
}

fn text(message: &str) -> CString {
    CString::new(message.replace('\0', " ")).unwrap_or_default()
}

/// Writes a line to the plugin's log.
pub fn log(message: &str) {
    if let Some(host) = host() {
        (host.log)(host, 1, text(message).as_ptr());
    }
}

/// Whether the result is no longer wanted: return early.
pub fn is_cancelled() -> bool {
    host().map_or(false, |host| (host.cancelled)(host) != 0)
}

/// Keeps the host's table; `pd_image_transform!` exports it as `Init`.
pub fn init(host: *const Host) -> c_int {
    HOST.store(host as *mut Host, Ordering::Release);
    0
}

/// Runs a transform; an error or a panic is told to the host, and never leaves as one.
///
/// # Safety
/// Both images are the host's, valid for this call.
pub unsafe fn run(
    transform: fn(&Image, &mut ImageMut) -> Result<(), String>,
    from: *const RawImage,
    to: *mut RawImage,
) -> c_int {
    let from = Image { raw: &*from, place: (*from).place() };
    let mut to = ImageMut { raw: &*to, place: (*to).place() };
    let message = match catch_unwind(AssertUnwindSafe(|| transform(&from, &mut to))) {
        Ok(Ok(())) => return 0,
        Ok(Err(message)) => message,
        Err(panic) => match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(said), _) => format!("panic: {said}"),
            (_, Some(said)) => format!("panic: {said}"),
            _ => "panic".to_owned(),
        },
    };
    if let Some(host) = host() {
        (host.fail)(host, text(&message).as_ptr());
    }
    1
}

// ------------------------------------------------------------------ notes

/// One ELF note as it lies in the file.
#[repr(C, align(4))]
pub struct Note<const N: usize> {
    name_size: u32,
    description_size: u32,
    kind: u32,
    name: [u8; 12],
    description: [u8; N],
}

/// A note's description with its final NUL, filled up to four bytes.
pub const fn note_size(text: &str) -> usize {
    (text.len() + 1 + 3) / 4 * 4
}

pub const fn note<const N: usize>(kind: u32, text: &str) -> Note<N> {
    let mut description = [0; N];
    let mut i = 0;
    while i < text.len() {
        description[i] = text.as_bytes()[i];
        i += 1;
    }
    Note { name_size: 9, description_size: text.len() as u32 + 1, kind, name: *b"Plugdeck\0\0\0\0", description }
}

/// Emits a note: 1 plugin, 2 symbol, 3 parameter, 4 interface.
#[macro_export]
macro_rules! pd_note {
    ($kind:expr, $($text:expr),+) => {
        const _: () = {
            const TEXT: &str = concat!($($text),+);
            #[used]
            #[link_section = ".note.plugdeck"]
            static NOTE: $crate::plugdeck::Note<{ $crate::plugdeck::note_size(TEXT) }> =
                $crate::plugdeck::note($kind, TEXT);
        };
    };
}

/// The plugin itself, once: name, SemVer version, author, licence, description.
#[macro_export]
macro_rules! pd_plugin {
    ($name:literal, $version:literal, $author:literal, $licence:literal, $description:literal) => {
        pd_note!(
            1, "name=", $name, "\0version=", $version, "\0author=", $author, "\0licence=", $licence,
            "\0description=", $description, "\0abi=1.0\0abi-minimum=1.0\0toolchain=rustc\0"
        );
    };
}

/// The interface image-transform/1: priority, area (see `PD_IMAGE_TRANSFORM`), and your function.
#[macro_export]
macro_rules! pd_image_transform {
    ($priority:literal, $area:literal, $transform:path) => {
        pd_note!(4, "name=image-transform/1\0area=", $area, "\0");
        pd_note!(2, "name=Transform\0kind=function\0type=int(const pd_image *, pd_image *)\0");
        pd_note!(2, "name=Priority\0kind=variable\0type=int\0");
        pd_note!(2, "name=Init\0kind=function\0type=int(const pd_host *)\0");

        #[no_mangle]
        pub static Priority: $crate::plugdeck::Variable<i32> = $crate::plugdeck::Variable::new($priority);

        #[no_mangle]
        pub extern "C" fn Init(host: *const $crate::plugdeck::Host) -> i32 {
            $crate::plugdeck::init(host)
        }

        /// # Safety
        /// Called by the host alone.
        #[no_mangle]
        pub unsafe extern "C" fn Transform(
            from: *const $crate::plugdeck::RawImage,
            to: *mut $crate::plugdeck::RawImage,
        ) -> i32 {
            $crate::plugdeck::run($transform, from, to)
        }
    };
}

/// A parameter that is a whole number: variable, label, minimum, maximum, default, unit.
#[macro_export]
macro_rules! pd_integer {
    ($name:ident, $label:literal, $minimum:literal, $maximum:literal, $initial:literal, $unit:literal) => {
        pd_parameter!(i32, "int", $name, "integer", $label, $minimum, $maximum, $initial, "unit=", $unit, "\0");
    };
}

/// A parameter with a fraction: as above; write the default as `1.0`.
#[macro_export]
macro_rules! pd_real {
    ($name:ident, $label:literal, $minimum:literal, $maximum:literal, $initial:literal, $unit:literal) => {
        pd_parameter!(f64, "double", $name, "real", $label, $minimum, $maximum, $initial, "unit=", $unit, "\0");
    };
}

/// A parameter that is on or off: variable, label, default (0 or 1).
#[macro_export]
macro_rules! pd_switch {
    ($name:ident, $label:literal, $initial:literal) => {
        pd_parameter!(i32, "int", $name, "switch", $label, 0, 1, $initial, "");
    };
}

/// A parameter that is one of a few: variable, label, "Low|Middle|High", the default's index from 0.
#[macro_export]
macro_rules! pd_choice {
    ($name:ident, $label:literal, $choices:literal, $initial:literal) => {
        pd_parameter!(i32, "int", $name, "choice", $label, 0, 0, $initial, "choices=", $choices, "\0");
    };
}

/// What the parameter macros have in common.
#[macro_export]
macro_rules! pd_parameter {
    ($type:ty, $c_type:literal, $name:ident, $kind:literal, $label:literal, $minimum:literal, $maximum:literal,
     $initial:literal, $($more:literal),+) => {
        pd_note!(2, "name=", stringify!($name), "\0kind=variable\0type=", $c_type, "\0");
        pd_note!(
            3, "name=", stringify!($name), "\0kind=", $kind, "\0label=", $label, "\0minimum=", stringify!($minimum),
            "\0maximum=", stringify!($maximum), "\0default=", stringify!($initial), "\0", $($more),+
        );
        #[no_mangle]
        #[allow(non_upper_case_globals)]
        pub static $name: $crate::plugdeck::Variable<$type> = $crate::plugdeck::Variable::new($initial);
    };
}
