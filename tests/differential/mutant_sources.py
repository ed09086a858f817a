"""Sources of the files that mutants are made of: small, and with everything in them that a loader follows."""

SOURCE = """
#include <stdlib.h>
#include <string.h>
__thread int counter = 3;
static __thread int hidden_counter __attribute__((tls_model("initial-exec"))) = 4;
static const char *names[] = {"one", "two", "three"};
const char **table = names;
int needed_1(int i) { return i + counter; }
int needed_2(int i) { return i + hidden_counter; }
__asm__(".symver needed_1, needed@V1");
__asm__(".symver needed_2, needed@@V2");
static int plain(int i) { return i; }
static void *choose(void) { return plain; }
int chosen(int) __attribute__((ifunc("choose")));
__attribute__((constructor)) static void begin(void) { counter = (int)strlen(table[0]); }
__attribute__((destructor)) static void end(void) { free(0); }
char *copied(const char *s) { char *c = malloc(strlen(s) + 1); return c ? strcpy(c, s) : 0; }
int through(int i) { return chosen(i) + needed_2(i); }
"""
VERSIONS = """
V1 { global: needed; local: begin; };
V2 { global: needed; table; copied; through; counter; } V1;
"""

VARIANTS = {
    "gnu-hash": ("-Wl,--hash-style=gnu",),
    "packed": ("-Wl,-z,pack-relative-relocs", "-Wl,--hash-style=both"),
    "lazy": ("-Wl,--hash-style=sysv", "-Wl,-z,lazy"),
    "now": ("-Wl,-z,now", "-Wl,-z,noseparate-code"),
}
"""Names and linker flags. ``packed`` has DT_RELR where the linker knows it, and is an ordinary file elsewhere."""
