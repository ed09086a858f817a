#include <dlfcn.h>
#include <stdio.h>

extern int shared_counter;

int main(int count, char **arguments) {
  if (shared_counter == 7 && count > 1 && dlopen(arguments[1], RTLD_NOW)) return 0;
  puts(dlerror());
  return 1;
}
