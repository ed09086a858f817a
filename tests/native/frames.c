/* What can be done to a frame that is not the plugin's business. */
#include "misbehave.h"

#include <pthread.h>
#include <sys/mman.h>

static size_t size_of(const pd_image *image) { return (size_t)image->height * image->stride; }
static uint8_t *end_of(const pd_image *image) { return image->data + size_of(image); }
/* All of its pages: a picture begins at the begin of one. */
static size_t pages_of(const pd_image *image) { return (size_of(image) + 4095) / 4096 * 4096; }
static uint8_t *pages_end_of(const pd_image *image) { return image->data + pages_of(image); }

int do_throw_away(const scene *at) { return (void)at, 0; } /* writes no pixel */
int do_write_input(const scene *at) { return at->in->data[0] ^= 255, 0; }

/* Beyond the last page: nobody's memory. */
int do_overrun_by_one(const scene *at) { return *pages_end_of(at->out) = 1, 0; }
int do_overrun_output(const scene *at) { return memset(pages_end_of(at->out), 1, 64), 0; }
int do_overrun_page(const scene *at) { return memset(pages_end_of(at->out), 1, 4096), 0; }
int do_underrun_output(const scene *at) { return memset(at->out->data - 64, 1, 64), 0; }

/* Within the last page, behind the picture. */
int do_overrun_unseen(const scene *at) { return *end_of(at->out) ^= 255, 0; }

int do_truncate_frame(const scene *at) {
  (void)at;
  for (int descriptor = 5; descriptor < 256; descriptor++)
    if (!ftruncate(descriptor, 0)) return note(0);
  return note(EPERM);
}

int do_unmap_output(const scene *at) { return munmap(at->out->data, pages_of(at->out)), 0; }
int do_unmap_input(const scene *at) { return munmap(at->in->data, pages_of(at->in)), 0; }
int do_protect_output(const scene *at) { return mprotect(at->out->data, pages_of(at->out), PROT_NONE), 0; }

int do_unprotect_input(const scene *at) {
  if (mprotect(at->in->data, pages_of(at->in), PROT_READ | PROT_WRITE)) return note(errno);
  return at->in->data[0] ^= 255, note(0);
}

static void *scribble(void *frame) {
  for (volatile uint8_t *at = frame;; at[0]++) usleep(100);
  return NULL;
}

/* A thread goes on writing to the frame that was handed back. */
int do_write_later(const scene *at) {
  pthread_t thread;
  return pthread_create(&thread, NULL, scribble, at->out->data);
}
