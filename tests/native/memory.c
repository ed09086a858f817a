/* Ways to use up what there is. */
#include "misbehave.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

enum { MIB = 1 << 20 };

int do_exhaust_memory(const scene *at) {
  (void)at;
  for (;;) {
    char *block = malloc(64 * MIB);
    if (!block) abort();
    memset(block, 1, 64 * MIB);
  }
}

/* Takes what there is, to the last page, and returns. */
int do_leak_all(const scene *at) {
  (void)at;
  for (size_t size = 64 * MIB; size >= 16; size /= 2)
    while (malloc(size)) continue;
  return 0;
}

/* Address space only, which costs the machine nothing. */
int do_reserve_all(const scene *at) {
  (void)at;
  for (size_t size = (size_t)1 << 40; size >= 4096; size /= 2)
    while (mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED) continue;
  return 0;
}

int do_exhaust_tls(const scene *at) {
  pthread_key_t key;
  int count = 0;
  (void)at;
  while (!pthread_key_create(&key, NULL)) count += pthread_setspecific(key, &count) == 0;
  return note(count ? EAGAIN : 0);
}

static void *wait_for_ever(void *unused) {
  for (;;) pause();
  return unused;
}

int do_bomb_threads(const scene *at) {
  pthread_t thread;
  int failure = 0;
  (void)at;
  while (!(failure = pthread_create(&thread, NULL, wait_for_ever, NULL))) continue;
  return note(failure);
}

/* The last file fails; SIGXFSZ is ignored, so that writing tells. */
int do_fill_temporary(const scene *at) {
  static char block[MIB];
  char path[4200];
  signal(SIGXFSZ, SIG_IGN);
  for (int file = 0; file < 3; file++) {
    snprintf(path, sizeof path, "%s/filling-%d", at->with, file);
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (descriptor < 0) return note(errno);
    for (int step = 0; step < 40; step++)
      if (write(descriptor, block, sizeof block) != sizeof block) return note(errno ? errno : ENOSPC);
    close(descriptor);
  }
  return note(0);
}
