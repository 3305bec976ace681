#include "cairn_fault_note.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct note {
  char *path;
  char *content;
  char *message;
};

static _Atomic(struct note *) armed;

// Only what POSIX allows in a signal handler.
static void leave_note(int number) {
  (void)number;
  int saved = errno;
  struct note *note = atomic_exchange(&armed, NULL);
  if (note) {
    int fd = open(note->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
      ssize_t written = write(fd, note->content, strlen(note->content));
      (void)written;
      fsync(fd);
      close(fd);
    }
    ssize_t told = write(STDERR_FILENO, note->message, strlen(note->message));
    (void)told;
  }
  errno = saved;
  // SA_RESETHAND: the fault comes again, or abort() raises it again, and ends the process.
}

int cairn_arm_fault_note(const char *path, const char *content, const char *message) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGABRT};
  struct note *note = malloc(sizeof *note);
  if (!note) return -ENOMEM;
  note->path = strdup(path);
  note->content = strdup(content);
  note->message = strdup(message);
  if (!note->path || !note->content || !note->message) return -ENOMEM;
  // The one before may be in use by a handler this moment, so it is not freed; there are few.
  atomic_store(&armed, note);
  struct sigaction action = {0};
  action.sa_handler = leave_note;
  action.sa_flags = SA_RESETHAND | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    if (sigaction(faults[i], &action, NULL) != 0) return -errno;
  }
  return 0;
}
