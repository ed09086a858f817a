/* The user's files, the network, and other programs' sockets. */
#include "misbehave.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int closed(int descriptor) { return descriptor < 0 ? errno : (close(descriptor), 0); }

int do_read_file(const scene *at) { return note(closed(open(at->with, O_RDONLY))); }
int do_list_folder(const scene *at) { return note(closed(open(at->with, O_RDONLY | O_DIRECTORY))); }
int do_write_file(const scene *at) { return note(closed(open(at->with, O_WRONLY | O_APPEND))); }
int do_make_file(const scene *at) { return note(closed(open(at->with, O_WRONLY | O_CREAT | O_EXCL, 0600))); }
int do_remove_file(const scene *at) { return note(TOLD(unlink(at->with))); }
int do_change_rights(const scene *at) { return note(TOLD(chmod(at->with, 0777))); }

static const char *beside(const scene *at, const char *suffix) {
  static char path[4200];
  snprintf(path, sizeof path, "%s%s", at->with, suffix);
  return path;
}

int do_rename_file(const scene *at) { return note(TOLD(rename(at->with, beside(at, ".taken")))); }
int do_link_file(const scene *at) { return note(TOLD(link(at->with, beside(at, ".linked")))); }

/* Its own file, which it is told of, by something else. */
int do_replace_file(const scene *at) {
  const char *other = beside(at, ".new");
  const int failure = closed(open(other, O_WRONLY | O_CREAT, 0600));
  return note(failure ? failure : TOLD(rename(other, at->with)));
}

static int reach(int family, int type, const void *address, socklen_t length) {
  const int line = socket(family, type, 0);
  if (line < 0) return errno;
  const int failure = connect(line, address, length) || send(line, "x", 1, 0) < 0 ? errno : 0;
  close(line);
  return failure;
}

static struct sockaddr_in here(const char *port) {
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return there;
}

int do_connect_tcp(const scene *at) {
  const struct sockaddr_in there = here(at->with);
  return note(reach(AF_INET, SOCK_STREAM, &there, sizeof there));
}

int do_send_udp(const scene *at) {
  const struct sockaddr_in there = here(at->with);
  return note(reach(AF_INET, SOCK_DGRAM, &there, sizeof there));
}

int do_listen_tcp(const scene *at) {
  const struct sockaddr_in any = here("0");
  const int line = socket(AF_INET, SOCK_STREAM, 0);
  (void)at;
  if (line < 0) return note(errno);
  const int failure = bind(line, (const struct sockaddr *)&any, sizeof any) || listen(line, 1) ? errno : 0;
  close(line);
  return note(failure);
}

/* A question to a name server, as getaddrinfo would send it: of a port that the test listens on. */
int do_ask_names(const scene *at) {
  static const char question[] = "\0\1\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1";
  const struct sockaddr_in server = here(at->with);
  const int line = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (line < 0) return note(errno);
  const ssize_t sent =
      sendto(line, question, sizeof question - 1, 0, (const struct sockaddr *)&server, sizeof server);
  const int failure = sent < 0 ? errno : 0;
  close(line);
  return note(failure);
}

static int reach_local(const char *name, int is_abstract) {
  struct sockaddr_un there = {.sun_family = AF_UNIX};
  const size_t length = strnlen(name, sizeof there.sun_path - 1);
  memcpy(there.sun_path + is_abstract, name, length);
  return reach(AF_UNIX, SOCK_STREAM, &there, offsetof(struct sockaddr_un, sun_path) + is_abstract + length);
}

/* D-Bus, Wayland and X listen on sockets with a path; X also on an abstract one. */
int do_connect_local(const scene *at) { return note(reach_local(at->with, 0)); }
int do_connect_abstract(const scene *at) { return note(reach_local(at->with, 1)); }

/* Memory that another program made, by its number, as X's clients share pictures. */
int do_share_memory(const scene *at) {
  const void *memory = shmat(atoi(at->with), NULL, 0);
  return note(memory == (void *)-1 ? errno : 0);
}

int do_open_terminal(const scene *at) { return note(closed(open(at->with, O_RDWR))); }
