/* What can be done to other processes, and to have more of them. */
#include "misbehave.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

static int waited(pid_t child) {
  if (child < 0) return errno;
  return TOLD(waitpid(child, NULL, 0));
}

static void stay(void) {
  for (;;) pause();
}

int do_fork(const scene *at) {
  const pid_t child = fork();
  (void)at;
  if (!child) stay();
  return note(TOLD(child));
}

/* Twice, in a session of its own, with no descriptor left: nothing leads from it to its maker. */
int do_daemon(const scene *at) {
  const pid_t child = fork();
  (void)at;
  if (child) return note(waited(child));
  setsid();
  for (int descriptor = 0; descriptor < 256; descriptor++) close(descriptor);
  if (fork()) _exit(0);
  stay();
  return 0;
}

int do_exec(const scene *at) {
  char *const arguments[] = {"sh", "-c", "exit 7", NULL};
  (void)at;
  return note(TOLD(execve("/bin/sh", arguments, environ)));
}

int do_kill_other(const scene *at) { return note(TOLD(kill(atoi(at->with), SIGKILL))); }
int do_stop_other(const scene *at) { return note(TOLD(kill(atoi(at->with), SIGSTOP))); }
int do_kill_parent(const scene *at) { return (void)at, note(TOLD(kill(getppid(), SIGKILL))); }
int do_kill_all(const scene *at) { return (void)at, note(TOLD(kill(-1, SIGKILL))); }

int do_trace_other(const scene *at) {
  const pid_t other = atoi(at->with);
  const long failure = ptrace(PTRACE_SEIZE, other, NULL, NULL);
  if (failure) return note(errno);
  ptrace(PTRACE_INTERRUPT, other, NULL, NULL);
  waitpid(other, NULL, __WALL);
  return note(TOLD(ptrace(PTRACE_DETACH, other, NULL, NULL)));
}

/* The other one is told where: this function of a process that opened the same file would not be there. */
int do_read_other(const scene *at) {
  char here[16];
  struct iovec mine = {here, sizeof here}, theirs = {&Result, sizeof here};
  const ssize_t got = process_vm_readv(atoi(at->with), &mine, 1, &theirs, 1, 0);
  return note(got < 0 && errno != EFAULT ? errno : 0); /* a wrong address was looked at all the same */
}

int do_open_memory(const scene *at) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", atoi(at->with));
  return note(TOLD(open(path, O_RDWR)));
}

int do_follow_other(const scene *at) { return note(TOLD(syscall(SYS_pidfd_open, atoi(at->with), 0))); }
int do_leave_namespace(const scene *at) { return (void)at, note(TOLD(unshare(CLONE_NEWUSER | CLONE_NEWNET))); }

int do_raise_limits(const scene *at) {
  const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  (void)at;
  return note(TOLD(setrlimit(RLIMIT_AS, &all)));
}
