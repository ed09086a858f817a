/* What the misbehaving plugin can do, by theme; each behaviour is a function do_NAME in the file of its theme.
 *
 * The order is that of the values of `behaviour`, from 1; 0 only copies. */
#ifndef MISBEHAVE_H
#define MISBEHAVE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugdeck.h"

/* clang-format off */
#define CRASHES(X)                                                                                            \
  X(segfault, "segfault") X(bus_error, "bus-error") X(abort, "abort") X(divide_by_zero, "divide-by-zero")     \
  X(illegal_instruction, "illegal-instruction") X(overflow_stack, "overflow-stack")                           \
  X(crash_in_thread, "crash-in-thread") X(crash_later, "crash-later") X(overflow_heap, "overflow-heap")       \
  X(free_twice, "free-twice") X(jump_far, "jump-far") X(call_nothing, "call-nothing")                         \
  X(kill_itself, "kill-itself") X(alarm, "alarm")
#define ENDS(X)                                                                                               \
  X(exit, "exit") X(exit_at_once, "exit-at-once") X(quick_exit, "quick-exit") X(end_thread, "end-thread")     \
  X(exit_in_thread, "exit-in-thread") X(crash_at_exit, "crash-at-exit")
#define HANGS(X)                                                                                              \
  X(spin, "spin") X(sleep, "sleep") X(deadlock, "deadlock") X(stop_process, "stop-process")                   \
  X(ignore_signals, "ignore-signals") X(catch_segfault, "catch-segfault")                                     \
  X(replace_handlers, "replace-handlers") X(cancel_never, "cancel-never")
#define MEMORY(X)                                                                                             \
  X(exhaust_memory, "exhaust-memory") X(leak_all, "leak-all") X(reserve_all, "reserve-all")                   \
  X(exhaust_tls, "exhaust-tls") X(bomb_threads, "bomb-threads") X(fill_temporary, "fill-temporary")
#define FRAMES(X)                                                                                             \
  X(throw_away, "throw-away") X(write_input, "write-input") X(overrun_by_one, "overrun-by-one")               \
  X(overrun_output, "overrun-output") X(overrun_page, "overrun-page") X(underrun_output, "underrun-output")   \
  X(overrun_unseen, "overrun-unseen") X(truncate_frame, "truncate-frame") X(unmap_output, "unmap-output")     \
  X(unmap_input, "unmap-input") X(protect_output, "protect-output") X(unprotect_input, "unprotect-input")     \
  X(write_later, "write-later")
#define PROTOCOL(X)                                                                                           \
  X(close_descriptors, "close-descriptors") X(replace_descriptors, "replace-descriptors")                     \
  X(close_channel, "close-channel") X(shut_channel, "shut-channel") X(send_garbage, "send-garbage")           \
  X(send_oversized, "send-oversized") X(send_stale, "send-stale") X(send_unknown, "send-unknown")             \
  X(send_failure, "send-failure") X(pass_descriptors, "pass-descriptors") X(log_garbage, "log-garbage")       \
  X(flood_channel, "flood-channel")
#define OUTPUT(X)                                                                                             \
  X(flood_output, "flood-output") X(flood_stdout, "flood-stdout") X(flood_stderr, "flood-stderr")             \
  X(flood_log, "flood-log") X(print_markup, "print-markup") X(print_bidi, "print-bidi")                       \
  X(fail, "fail") X(fail_silently, "fail-silently") X(fail_with_markup, "fail-with-markup")                   \
  X(return_absurd, "return-absurd") X(resize_image, "resize-image") X(set_absurd, "set-absurd")
#define PROCESSES(X)                                                                                          \
  X(fork, "fork") X(daemon, "daemon") X(exec, "exec") X(kill_other, "kill-other") X(kill_parent, "kill-parent") \
  X(kill_all, "kill-all") X(stop_other, "stop-other") X(trace_other, "trace-other")                           \
  X(read_other, "read-other") X(open_memory, "open-memory") X(follow_other, "follow-other")                   \
  X(leave_namespace, "leave-namespace") X(raise_limits, "raise-limits")
#define OUTSIDE(X)                                                                                            \
  X(read_file, "read-file") X(list_folder, "list-folder") X(write_file, "write-file")                         \
  X(make_file, "make-file") X(remove_file, "remove-file") X(rename_file, "rename-file")                       \
  X(link_file, "link-file") X(change_rights, "change-rights") X(replace_file, "replace-file")                 \
  X(connect_tcp, "connect-tcp") X(send_udp, "send-udp") X(ask_names, "ask-names")                             \
  X(connect_local, "connect-local") X(connect_abstract, "connect-abstract") X(listen_tcp, "listen-tcp")       \
  X(share_memory, "share-memory") X(open_terminal, "open-terminal")
#define STATE(X)                                                                                              \
  X(change_folder, "change-folder") X(change_mask, "change-mask") X(change_locale, "change-locale")           \
  X(change_rounding, "change-rounding") X(flush_to_zero, "flush-to-zero")                                     \
  X(change_variables, "change-variables") X(block_signals, "block-signals") X(lower_limits, "lower-limits")   \
  X(survive_parent, "survive-parent")
#define BEHAVIOURS(X)                                                                                         \
  CRASHES(X) ENDS(X) HANGS(X) MEMORY(X) FRAMES(X) PROTOCOL(X) OUTPUT(X) PROCESSES(X) OUTSIDE(X) STATE(X)
/* clang-format on */

typedef struct {
  const pd_image *in;  /* NULL outside of a call */
  pd_image *out;
  const pd_host *host; /* NULL when there is no table yet */
  const char *with;    /* what it was told beside its name: a path, a number */
} scene;

#define DECLARE(name, text) int do_##name(const scene *at);
BEHAVIOURS(DECLARE)

/* For `Result`: what a system call said, as an errno. */
#define TOLD(call) ((call) < 0 ? errno : 0)
/* What was done is in `Result`; the call itself succeeds. */
extern int Result;
static inline int note(int result) { return Result = result, 0; }

enum { CHANNEL = 3, LOG_CHANNEL = 4 }; /* a worker's descriptors */

#endif
