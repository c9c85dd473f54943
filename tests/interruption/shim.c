/* Counts the calls that change the disk, and kills the process before one of them, or lets all
 * from one on fail as on a full disk.
 *
 *   SHIM_COUNT=FILE   writes how many calls there were
 *   SHIM_KILL=N       dies before call N, as by a loss of power
 *   SHIM_FULL=N       from call N on nothing new can be written
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int calls;

static int number(const char *name) {
  const char *text = getenv(name);
  return text ? atoi(text) : 0;
}

/* Whether the call must fail; does not return when it must not happen. */
static int step(int grows) {
  int at = atomic_fetch_add(&calls, 1) + 1;
  int kill = number("SHIM_KILL"), full = number("SHIM_FULL");
  if (kill && at >= kill) _exit(137);
  if (full && at >= full && grows) {
    errno = ENOSPC;
    return 1;
  }
  return 0;
}

__attribute__((destructor)) static void tell(void) {
  const char *path = getenv("SHIM_COUNT");
  if (!path) return;
  FILE *file = fopen(path, "w");
  if (file) {
    fprintf(file, "%d", atomic_load(&calls));
    fclose(file);
  }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int opens(const char *name, const char *path, int flags, mode_t mode) {
  if ((flags & O_CREAT) && step(1)) return -1;
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
  return real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  return opens("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  return opens("open64", path, flags, mode);
}

ssize_t write(int file, const void *bytes, size_t size) {
  if (file > 2 && size > 1) {
    /* A full disk takes a part before it takes nothing; so does a process that dies. */
    int full = number("SHIM_FULL"), kill = number("SHIM_KILL");
    int next = atomic_load(&calls) + 1;
    if ((kill && next == kill) || (full && next == full)) REAL(write)(file, bytes, size / 2);
    if (step(1)) return -1;
  }
  return REAL(write)(file, bytes, size);
}

int rename(const char *from, const char *to) {
  step(0);
  return REAL(rename)(from, to);
}

int unlink(const char *path) {
  step(0);
  return REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode) {
  if (step(1)) return -1;
  return REAL(mkdir)(path, mode);
}

int rmdir(const char *path) {
  step(0);
  return REAL(rmdir)(path);
}
