#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cairn_direct_io.h"

#include <fcntl.h>
#include <stdio.h>

int cairn_create_direct(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_DIRECT | O_CLOEXEC, 0600);
}

int cairn_rename_exclusive(const char *from, const char *to) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int cairn_reopen_direct(int fd) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
}
