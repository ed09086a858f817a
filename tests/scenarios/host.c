/* A host as plain as can be: opens the files it is given, at once, and says what the loader says of the last. */
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **paths) {
  void *opened = 0;
  for (int i = 1; i < count; i++) opened = dlopen(paths[i], RTLD_NOW);
  if (!opened) fputs(dlerror(), stdout);
  fflush(stdout);
  return opened ? 0 : 1;
}
