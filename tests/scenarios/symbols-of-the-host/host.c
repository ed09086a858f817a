#include <dlfcn.h>
#include <stdio.h>

int host_service(int value) { return value + 1; }

int main(int count, char **arguments) {
  if (count > 1 && dlopen(arguments[1], RTLD_NOW)) return 0;
  puts(dlerror());
  return 1;
}
