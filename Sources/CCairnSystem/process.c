// The process and its surroundings: random bytes, clock, users, threads, signals.
#define _GNU_SOURCE
#include "cairn_system.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int cairn_random(void *buffer, size_t count) {
  char *next = buffer;
  while (count > 0) {
    ssize_t got = getrandom(next, count, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    next += got;
    count -= (size_t)got;
  }
  return 0;
}

int64_t cairn_monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int cairn_process_exists(int32_t pid) {
  if (pid <= 0) return 0;
  return kill(pid, 0) == 0 || errno == EPERM;
}

int64_t cairn_clock_ticks_per_second(void) { return sysconf(_SC_CLK_TCK); }

void cairn_name_thread(const char *name) {
  char short_name[16];  // the kernel's limit, with the NUL
  strncpy(short_name, name, sizeof short_name - 1);
  short_name[sizeof short_name - 1] = 0;
  pthread_setname_np(pthread_self(), short_name);
}

void cairn_resource_usage(
    int64_t *peak_resident_bytes, int64_t *user_nanoseconds, int64_t *system_nanoseconds) {
  struct rusage usage;
  memset(&usage, 0, sizeof usage);
  getrusage(RUSAGE_SELF, &usage);
  *peak_resident_bytes = (int64_t)usage.ru_maxrss * 1024;
  *user_nanoseconds = usage.ru_utime.tv_sec * 1000000000 + usage.ru_utime.tv_usec * 1000;
  *system_nanoseconds = usage.ru_stime.tv_sec * 1000000000 + usage.ru_stime.tv_usec * 1000;
}

// --- users and groups ---

static int copy_name(const char *name, char *buffer, size_t count) {
  if (strlen(name) >= count) return -ERANGE;
  strcpy(buffer, name);
  return 0;
}

// Runs a look-up with a scratch buffer that grows as long as it proves too small (a group may
// have thousands of members).
#define WITH_SCRATCH(lookup, found)                                  \
  int result = -ERANGE;                                              \
  for (size_t size = 4096; result == -ERANGE && size <= (16 << 20); size *= 4) { \
    char *scratch = malloc(size);                                    \
    if (!scratch) return -ENOMEM;                                    \
    int error;                                                       \
    do {                                                             \
      error = (lookup);                                              \
    } while (error == EINTR);                                        \
    if (error == ERANGE)                                             \
      result = -ERANGE;                                              \
    else if (entry)                                                  \
      result = (found);                                              \
    else                                                             \
      result = -ENOENT;                                              \
    free(scratch);                                                   \
  }                                                                  \
  return result;

int cairn_user_name(uint32_t uid, char *buffer, size_t count) {
  struct passwd storage, *entry = NULL;
  WITH_SCRATCH(getpwuid_r(uid, &storage, scratch, size, &entry),
               copy_name(entry->pw_name, buffer, count))
}

int cairn_group_name(uint32_t gid, char *buffer, size_t count) {
  struct group storage, *entry = NULL;
  WITH_SCRATCH(getgrgid_r(gid, &storage, scratch, size, &entry),
               copy_name(entry->gr_name, buffer, count))
}

int cairn_user_id(const char *name, uint32_t *uid) {
  struct passwd storage, *entry = NULL;
  WITH_SCRATCH(getpwnam_r(name, &storage, scratch, size, &entry), (*uid = entry->pw_uid, 0))
}

int cairn_group_id(const char *name, uint32_t *gid) {
  struct group storage, *entry = NULL;
  WITH_SCRATCH(getgrnam_r(name, &storage, scratch, size, &entry), (*gid = entry->gr_gid, 0))
}

// --- signals ---

int cairn_wake_signal(void) { return SIGRTMIN + 3; }

static void fill(sigset_t *set, const int32_t *signals, size_t count) {
  sigemptyset(set);
  sigaddset(set, cairn_wake_signal());
  for (size_t i = 0; i < count; i++) sigaddset(set, signals[i]);
}

int cairn_block_signals(const int32_t *signals, size_t count) {
  sigset_t set;
  fill(&set, signals, count);
  return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int cairn_wait_signal(const int32_t *signals, size_t count) {
  sigset_t set;
  fill(&set, signals, count);
  int number = 0;
  int error;
  do {
    error = sigwait(&set, &number);
  } while (error == EINTR);
  return error ? -error : number;
}
