/* What belongs to the whole process, and is seen by whoever shares it. */
#include "misbehave.h"

#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

int do_change_folder(const scene *at) { return (void)at, note(TOLD(chdir("/usr"))); }
int do_change_mask(const scene *at) { return (void)at, umask(0777), 0; }
int do_change_rounding(const scene *at) { return (void)at, fesetround(FE_UPWARD); }
int do_survive_parent(const scene *at) { return (void)at, note(TOLD(prctl(PR_SET_PDEATHSIG, 0))); }

int do_change_locale(const scene *at) {
  (void)at;
  setlocale(LC_ALL, "C");
  return setenv("LC_ALL", "C", 1);
}

int do_flush_to_zero(const scene *at) {
  (void)at;
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
#endif
  return 0;
}

int do_change_variables(const scene *at) { return (void)at, clearenv(); }

int do_block_signals(const scene *at) {
  sigset_t all;
  (void)at;
  sigfillset(&all);
  return sigprocmask(SIG_SETMASK, &all, NULL);
}

int do_lower_limits(const scene *at) {
  const struct rlimit none = {0, 0};
  (void)at;
  setrlimit(RLIMIT_NOFILE, &none);
  return setrlimit(RLIMIT_STACK, &none);
}
