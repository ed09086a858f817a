/* Tries what a plugin of pictures has no business with, and tells how it went: 0, or the errno of what failed. */
#define _GNU_SOURCE
#include "plugdeck.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

PD_PLUGIN("tries", "1.0.0", "", "MIT", "Tries what it should not.")
PD_FUNCTION(int, Try, (const char *, const char *))
PD_FUNCTION(int, Leave, (int))
PD_FUNCTION(const char *, Variable, (const char *))

static int closed(int descriptor) { return descriptor < 0 ? errno : (close(descriptor), 0); }
static int told(int result) { return result < 0 ? errno : 0; }

static int connect_to(int family, int type, const void *address, socklen_t length) {
  int line = socket(family, type, 0), failure;
  if (line < 0) return errno;
  failure = connect(line, address, length) || send(line, "x", 1, 0) < 0 ? errno : 0;
  close(line);
  return failure;
}

static int internet(int type, const char *port) {
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect_to(AF_INET, type, &there, sizeof there);
}

static int local(const char *name, int is_abstract) {
  struct sockaddr_un there = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  memcpy(there.sun_path + is_abstract, name, length);
  return connect_to(AF_UNIX, SOCK_STREAM, &there, offsetof(struct sockaddr_un, sun_path) + is_abstract + length);
}

static int forked(void) {
  pid_t child = fork();
  if (child < 0) return errno;
  if (!child) _exit(0);
  return told(waitpid(child, NULL, 0));
}

static int spawned(const char *program) {
  char *arguments[] = {(char *)program, NULL}, *none[] = {NULL};
  pid_t child;
  int failure = posix_spawn(&child, program, NULL, NULL, arguments, none);
  return failure ? failure : told(waitpid(child, NULL, 0));
}

static int peeked(pid_t other) {
  char here[16];
  struct iovec mine = {here, sizeof here}, theirs = {(void *)&closed, sizeof here};
  ssize_t got = process_vm_readv(other, &mine, 1, &theirs, 1, 0);
  return got < 0 && errno != EFAULT ? errno : 0; /* a wrong address was looked at all the same */
}

static void *nothing(void *given) { return given; }
static int threaded(void) {
  pthread_t thread;
  int failure = pthread_create(&thread, NULL, nothing, NULL);
  return failure ? failure : pthread_join(thread, NULL);
}

static int opened_many(int count) {
  int failure = 0, opened[count];
  for (int i = 0; i < count; i++)
    if ((opened[i] = open("/dev/null", O_RDONLY)) < 0) failure = errno;
  for (int i = 0; i < count; i++) close(opened[i]);
  return failure;
}

static int grown(const char *path, off_t mebibytes) {
  int file = open(path, O_WRONLY | O_CREAT, 0600), failure;
  if (file < 0) return errno;
  signal(SIGXFSZ, SIG_IGN);
  failure = told(ftruncate(file, mebibytes << 20));
  close(file);
  unlink(path);
  return failure;
}

static int reserved(size_t mebibytes) {
  void *memory = mmap(NULL, mebibytes << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? errno : munmap(memory, mebibytes << 20);
}

static int renamed(const char *path) {
  char other[4096];
  snprintf(other, sizeof other, "%s-old", path);
  return told(rename(path, other));
}

static int looked_into(pid_t other) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", other);
  return closed(open(path, O_RDWR));
}

static int limited(int what) {
  struct rlimit limit;
  return getrlimit(what, &limit) ? errno : limit.rlim_max == 0 ? EPERM : 0;
}

int Try(const char *deed, const char *with) {
  if (!strcmp(deed, "read")) return closed(open(with, O_RDONLY));
  if (!strcmp(deed, "list")) return closed(open(with, O_RDONLY | O_DIRECTORY));
  if (!strcmp(deed, "write")) return closed(open(with, O_WRONLY | O_APPEND));
  if (!strcmp(deed, "create")) return closed(open(with, O_WRONLY | O_CREAT | O_EXCL, 0600));
  if (!strcmp(deed, "truncate")) return told(truncate(with, 1));
  if (!strcmp(deed, "unlink")) return told(unlink(with));
  if (!strcmp(deed, "rename")) return renamed(with);
  if (!strcmp(deed, "remove-folder")) return told(rmdir(with));
  if (!strcmp(deed, "make-folder")) return told(mkdir(with, 0700));
  if (!strcmp(deed, "make-link")) return told(symlink("target", with));
  if (!strcmp(deed, "make-pipe")) return told(mkfifo(with, 0600));
  if (!strcmp(deed, "chmod")) return told(chmod(with, 0600));
  if (!strcmp(deed, "tcp")) return internet(SOCK_STREAM, with);
  if (!strcmp(deed, "udp")) return internet(SOCK_DGRAM, with);
  if (!strcmp(deed, "local")) return local(with, 0);
  if (!strcmp(deed, "abstract")) return local(with, 1);
  if (!strcmp(deed, "fork")) return forked();
  if (!strcmp(deed, "spawn")) return spawned(with);
  if (!strcmp(deed, "signal")) return told(kill(atoi(with), 0));
  if (!strcmp(deed, "signal-all")) return told(kill(-1, 0));
  if (!strcmp(deed, "peek")) return peeked(atoi(with));
  if (!strcmp(deed, "follow")) return closed(syscall(SYS_pidfd_open, atoi(with), 0));
  if (!strcmp(deed, "leave-namespace")) return told(unshare(CLONE_NEWUSER));
  if (!strcmp(deed, "ring")) return syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno != EFAULT ? errno : 0;
  if (!strcmp(deed, "thread")) return threaded();
  if (!strcmp(deed, "change-root")) return told(chroot("/"));
  if (!strcmp(deed, "open-many")) return opened_many(atoi(with));
  if (!strcmp(deed, "grow")) return grown(with, 65);
  if (!strcmp(deed, "reserve")) return reserved(atoi(with));
  if (!strcmp(deed, "dump-core")) return limited(RLIMIT_CORE);
  if (!strcmp(deed, "parent")) return looked_into(getppid());
  if (!strcmp(deed, "terminal")) return closed(open("/dev/tty", O_RDONLY | O_NONBLOCK));
  return -1;
}

int Leave(int signal_or_code) {
  if (signal_or_code < 0) raise(-signal_or_code);
  _exit(signal_or_code);
}

const char *Variable(const char *name) { return getenv(name); }
