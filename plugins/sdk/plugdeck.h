/* plugdeck.h - the contract between Plugdeck and a plugin. C99 and C++11; no library to link.
 *
 * Everything a plugin promises is written into ELF notes (owner "Plugdeck", section .note.plugdeck), so that a
 * host can read it without running the plugin. The macros below write the notes and declare what they name, so
 * the compiler refuses a definition that differs from what the note says.
 *
 * A whole plugin:
 *
 *     #include "plugdeck.h"
 *
 *     PD_PLUGIN("invert", "1.0.0", "Your name", "MIT", "Inverts the colours.")
 *     PD_IMAGE_TRANSFORM(100, "pointwise")
 *
 *     int Transform(const pd_image *in, pd_image *out) { ...; return 0; }
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PLUGDECK_H
#define PLUGDECK_H

#include <stddef.h>
#include <stdint.h>

#define PD_ABI_MAJOR 1
#define PD_ABI_MINOR 0

/* ------------------------------------------------------------------ types */

enum { PD_RGBA8 = 1 }; /* red, green, blue, alpha; 8 bits each; alpha not premultiplied; sRGB */

typedef struct pd_image {
  uint8_t *data;       /* top row first; the input's pixels are read-only memory */
  size_t stride;       /* bytes from one row to the next, at least 4 * width */
  int32_t width;       /* pixels in this image, which may be a tile of the picture */
  int32_t height;
  uint32_t format;     /* PD_RGBA8 */
  int32_t x;           /* where this image lies in the picture; 0, 0 when it is the whole picture */
  int32_t y;
  int32_t full_width;  /* the size of the whole picture, at this scale */
  int32_t full_height;
  double scale;        /* 1 at full size, 0.5 when the host previews at half size: multiply lengths by it */
} pd_image;

enum { PD_LOG_DEBUG = 0, PD_LOG_INFO = 1, PD_LOG_WARNING = 2, PD_LOG_ERROR = 3 };

/* What the host offers. Read only the members that lie within `size` bytes: later hosts append more. */
typedef struct pd_host {
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  void *context;
  /* Writes a line to the plugin's log. Any thread. */
  void (*log)(const struct pd_host *host, int level, const char *message);
  /* How far the current call is, from 0 to 1. */
  void (*progress)(const struct pd_host *host, double done);
  /* Not 0 when the result is no longer wanted: return early, with any result. */
  int (*cancelled)(const struct pd_host *host);
  /* Says why the current call is about to return something other than 0 (or NULL, where it returns a pointer). */
  void (*fail)(const struct pd_host *host, const char *message);
  /* The file that the plugin was opened from, for data that lies beside it. NULL when the host does not tell. */
  const char *plugin_path;
} pd_host;

/* Whether the host is new enough to offer a member: if (PD_HOST_HAS(host, plugin_path)) ... */
#define PD_HOST_HAS(host, member) \
  ((host) != NULL && (host)->size >= offsetof(pd_host, member) + sizeof((host)->member))

/* The first byte of a row: red of its first pixel. */
static inline uint8_t *pd_row(const pd_image *image, int32_t y) {
  return image->data + (size_t)y * image->stride;
}

/* ----------------------------------------------------------- declarations */

#ifdef __cplusplus
#define PD_EXTERN extern "C"
#else
#define PD_EXTERN extern
#endif
#define PD_EXPORT __attribute__((visibility("default")))

/* An exported function: PD_FUNCTION(int, Add, (int, int)) declares it and notes its type. */
#define PD_FUNCTION(result, name, parameters)         \
  PD_EXTERN PD_EXPORT result name parameters;         \
  PD_NOTE(function_##name, PD_NOTE_SYMBOL,            \
          "name=" #name "\0kind=function\0type=" #result #parameters "\0")

/* An exported variable: PD_VARIABLE(int, Count) declares it and notes its type. Define it yourself. */
#define PD_VARIABLE(type, name)       \
  PD_EXTERN PD_EXPORT type name;      \
  PD_NOTE(variable_##name, PD_NOTE_SYMBOL, "name=" #name "\0kind=variable\0type=" #type "\0")

/* The plugin itself, once a plugin. The version is SemVer. */
#define PD_PLUGIN(name, version, author, licence, description)                                     \
  PD_NOTE(plugin, PD_NOTE_PLUGIN,                                                                  \
          "name=" name "\0version=" version "\0author=" author "\0licence=" licence                \
          "\0description=" description "\0abi=" PD_TEXT(PD_ABI_MAJOR) "." PD_TEXT(PD_ABI_MINOR)    \
          "\0abi-minimum=" PD_TEXT(PD_ABI_MAJOR) ".0\0toolchain=" PD_TOOLCHAIN "\0")

/* The interface image-transform/1: declares Transform, defines Priority (lowest runs first).
 *
 *     int Transform(const pd_image *in, pd_image *out);   0 is success
 *
 * `area` says what the transform reads around a pixel to write it, so that a host may cut the picture into tiles
 * and run them at the same time: "pointwise", "neighbourhood:8" (pixels), "neighbourhood:radius" (the parameter of
 * that name), or "whole". Input and output have the same size and never overlap. */
#define PD_IMAGE_TRANSFORM(priority, area)                                           \
  PD_FUNCTION(int, Transform, (const pd_image *, pd_image *))                        \
  PD_VARIABLE(int, Priority)                                                         \
  PD_NOTE(image_transform, PD_NOTE_INTERFACE, "name=image-transform/1\0area=" area "\0") \
  int Priority = priority;

/* Optional: int Init(const pd_host *) is called once, before the first Transform. 0 is success. */
#define PD_INIT() PD_FUNCTION(int, Init, (const pd_host *))

/* ------------------------------------------------------------- parameters
 * Each defines an exported variable with its default, and notes its type, label and range. The host writes the
 * variable between calls. */

#define PD_INTEGER(variable, label, minimum, maximum, initial, unit) \
  PD_PARAMETER(int, variable, "integer", label, minimum, maximum, initial, "unit=" unit "\0")

#define PD_REAL(variable, label, minimum, maximum, initial, unit) \
  PD_PARAMETER(double, variable, "real", label, minimum, maximum, initial, "unit=" unit "\0")

#define PD_SWITCH(variable, label, initial) PD_PARAMETER(int, variable, "switch", label, 0, 1, initial, "")

/* choices: "Low|Middle|High"; the variable is the index, from 0. */
#define PD_CHOICE(variable, label, choices, initial) \
  PD_PARAMETER(int, variable, "choice", label, 0, 0, initial, "choices=" choices "\0")

/* ------------------------------------------------------------ how it works
 * A note's description is a list of "key=value" strings, each ended by a NUL byte. Hosts ignore keys they do not
 * know, and stop at an empty string. Numbers are decimal text as the author wrote them. */

enum { PD_NOTE_PLUGIN = 1, PD_NOTE_SYMBOL = 2, PD_NOTE_PARAMETER = 3, PD_NOTE_INTERFACE = 4 };

#define PD_TEXT_(x) #x
#define PD_TEXT(x) PD_TEXT_(x)

#if defined(__clang__)
#define PD_TOOLCHAIN "clang " PD_TEXT(__clang_major__) "." PD_TEXT(__clang_minor__)
#elif defined(__GNUC__)
#define PD_TOOLCHAIN "gcc " PD_TEXT(__GNUC__) "." PD_TEXT(__GNUC_MINOR__)
#else
#define PD_TOOLCHAIN "unknown"
#endif

/* Keeps notes in the order of the source, so that a host shows parameters as the author wrote them down. */
#if defined(__GNUC__) && !defined(__clang__)
#define PD_IN_ORDER no_reorder,
#else
#define PD_IN_ORDER
#endif

/* descsz counts the literal's own final NUL as well: an empty string ends the list. */
#define PD_NOTE(id, note_type, text)                                                             \
  static const struct {                                                                          \
    uint32_t namesz, descsz, type;                                                               \
    char name[12];                                                                               \
    char description[(sizeof(text) + 3) / 4 * 4];                                                \
  } pd_note_##id __attribute__((PD_IN_ORDER section(".note.plugdeck"), used, aligned(4))) = {    \
      9, sizeof(text), note_type, "Plugdeck", text};

#define PD_PARAMETER(type, variable, kind, label, minimum, maximum, initial, more)                \
  PD_VARIABLE(type, variable)                                                                     \
  PD_NOTE(parameter_##variable, PD_NOTE_PARAMETER,                                                \
          "name=" #variable "\0kind=" kind "\0label=" label "\0minimum=" #minimum "\0maximum=" #maximum \
          "\0default=" #initial "\0" more)                                                        \
  type variable = initial;

#endif /* PLUGDECK_H */
