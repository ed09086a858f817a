/* A host that dies of what it opens, but in a child: for each path on standard input a process of its own.

   Answers one line: "loads", "refused WORDS of the loader", or "died SIGNAL" ("exit STATUS" where it ended itself). */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOADS = 40, REFUSED = 41, MOST_CPU_S = 1, DEADLINE_S = 20, WORDS = 300 };

static void limit(int what, rlim_t most) {
  struct rlimit limits = {most, most};
  setrlimit(what, &limits);
}

static void open_and_end(const char *path, char *words) {
  int nowhere = open("/dev/null", O_RDWR);
  for (int stream = 0; stream < 3; stream++) dup2(nowhere, stream);
  setsid();
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_CPU, MOST_CPU_S);
  alarm(DEADLINE_S);
  if (dlopen(path, RTLD_NOW)) _exit(LOADS);
  strncpy(words, dlerror(), WORDS - 1);
  _exit(REFUSED);
}

int main(void) {
  char path[4096];
  char *words = mmap(0, WORDS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  while (fgets(path, sizeof path, stdin)) {
    int status = 0;
    path[strcspn(path, "\n")] = 0;
    memset(words, 0, WORDS);
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) open_and_end(path, words);
    waitpid(child, &status, 0);
    for (char *letter = words; *letter; letter++) *letter = *letter < ' ' || *letter > '~' ? '?' : *letter;
    if (WIFSIGNALED(status)) printf("died %d\n", WTERMSIG(status));
    else if (WEXITSTATUS(status) == LOADS) puts("loads");
    else if (WEXITSTATUS(status) == REFUSED) printf("refused %.*s\n", WORDS - 1, words);
    else printf("died exit %d\n", WEXITSTATUS(status));
    fflush(stdout);
  }
  return 0;
}
