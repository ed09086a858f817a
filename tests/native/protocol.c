/* Messages that no worker sends, and descriptors that are not where they were. */
#include "misbehave.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>

enum { DONE = 33, FAILED = 34, MOST = 256 };

typedef struct {
  char magic[2];
  uint8_t version, kind;
  uint32_t request, length;
} header;

static int send_header(uint8_t kind, uint32_t request) {
  const header answer = {{'P', 'D'}, 1, kind, request, 0};
  return send(CHANNEL, &answer, sizeof answer, 0) < 0;
}

int do_close_descriptors(const scene *at) {
  (void)at;
  for (int descriptor = 0; descriptor < MOST; descriptor++) close(descriptor);
  return 0;
}

int do_replace_descriptors(const scene *at) {
  const int nothing = open("/dev/null", O_RDWR);
  (void)at;
  for (int descriptor = 0; descriptor < MOST; descriptor++)
    if (descriptor != nothing) dup2(nothing, descriptor);
  return 0;
}

int do_close_channel(const scene *at) { return (void)at, close(CHANNEL), 0; }
int do_shut_channel(const scene *at) { return (void)at, shutdown(CHANNEL, SHUT_RDWR), 0; }
int do_send_garbage(const scene *at) { return (void)at, send(CHANNEL, "\xff garbage", 9, 0) < 0; }

int do_send_oversized(const scene *at) {
  static char packet[100 * 1024];
  const header said = {{'P', 'D'}, 1, DONE, 1, sizeof packet - sizeof said};
  (void)at;
  memcpy(packet, &said, sizeof said);
  return send(CHANNEL, packet, sizeof packet, 0) < 0;
}

int do_send_stale(const scene *at) { return (void)at, send_header(DONE, 1); }
int do_send_unknown(const scene *at) { return (void)at, send_header(99, 1); }
int do_send_failure(const scene *at) { return (void)at, send_header(FAILED, 0xffffffff); }

int do_pass_descriptors(const scene *at) {
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(16 * sizeof(int))];
  } rights = {.head = {CMSG_LEN(16 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
  struct iovec text = {"descriptors", 11};
  const struct msghdr message = {
      .msg_iov = &text, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};
  (void)at;
  for (int i = 0; i < 16; i++) memcpy(CMSG_DATA(&rights.head) + i * sizeof(int), &(int){1}, sizeof(int));
  return sendmsg(CHANNEL, &message, 0) < 0;
}

int do_log_garbage(const scene *at) {
  static const char none[] = "\xff\xff\xff<b>\xe2\x80\xae no plugin";
  (void)at;
  for (int i = 0; i < 100; i++) send(LOG_CHANNEL, none, i % sizeof none, MSG_DONTWAIT);
  return 0;
}

/* Until there is no room, which a worker would wait for. */
int do_flood_channel(const scene *at) {
  (void)at;
  while (send(CHANNEL, "\xff garbage", 9, MSG_DONTWAIT) > 0) continue;
  return 0;
}
