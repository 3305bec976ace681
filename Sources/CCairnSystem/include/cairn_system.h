// Thin wrappers of Linux system calls that Swift cannot import (macros, GNU extensions, raw
// calls). Each returns a value >= 0, or -errno; interrupted calls are made again. Nothing here
// follows a symbolic link in the last component of a name.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CAIRN_AT_CWD (-100)

// --- status ---

typedef struct {
  uint64_t inode;
  uint64_t size;
  uint64_t blocks;
  uint64_t mount_id;
  int64_t mtime_seconds;
  int64_t ctime_seconds;
  uint32_t mtime_nanoseconds;
  uint32_t ctime_nanoseconds;
  uint32_t uid;
  uint32_t gid;
  uint32_t nlink;
  uint32_t device_major;
  uint32_t device_minor;
  uint32_t rdev_major;
  uint32_t rdev_minor;
  uint32_t mode;
} cairn_status;

int cairn_status_at(int directory, const char *name, cairn_status *out);
int cairn_status_of(int fd, cairn_status *out);

// --- opening ---

enum {
  CAIRN_OPEN_READ = 1,
  CAIRN_OPEN_WRITE = 2,
  CAIRN_OPEN_CREATE = 4,       // exclusively: an existing name is EEXIST
  CAIRN_OPEN_DIRECTORY = 8,
  CAIRN_OPEN_NOATIME = 16,     // asked again without when the file belongs to somebody else
  CAIRN_OPEN_DIRECT = 32,
  CAIRN_OPEN_PATH = 64,
  CAIRN_OPEN_FOLLOW = 128,     // follow a symbolic link in the last component after all
  CAIRN_OPEN_OR_CREATE = 256,  // create unless it is there
};

int cairn_open(int directory, const char *name, int options, uint32_t mode);
// Resolves a path of many components without leaving `directory` and without following any
// symbolic link. -ENOSYS where the kernel is too old.
int cairn_open_beneath(int directory, const char *path, int options, uint32_t mode);
int cairn_close(int fd);
int cairn_duplicate(int fd);

// --- content ---

ssize_t cairn_read(int fd, void *buffer, size_t count);
ssize_t cairn_pread(int fd, void *buffer, size_t count, uint64_t offset);
// Writes everything or fails.
int cairn_write_all(int fd, const void *buffer, size_t count);
int cairn_pwrite_all(int fd, const void *buffer, size_t count, uint64_t offset);
int cairn_fsync(int fd);
int cairn_fdatasync(int fd);
int cairn_ftruncate(int fd, uint64_t size);
int cairn_allocate(int fd, uint64_t offset, uint64_t count, int keep_size);
int cairn_punch_hole(int fd, uint64_t offset, uint64_t count);
int cairn_set_direct(int fd, int on);
// The run of data at or after `offset`; -ENXIO when only a hole is left.
int cairn_next_data(int fd, uint64_t offset, uint64_t *start, uint64_t *end);

enum { CAIRN_ADVISE_SEQUENTIAL, CAIRN_ADVISE_WILLNEED, CAIRN_ADVISE_DONTNEED };
int cairn_advise(int fd, uint64_t offset, uint64_t count, int advice);

// --- directories and names ---

ssize_t cairn_getdents(int fd, void *buffer, size_t count);
int cairn_make_directory(int directory, const char *name, uint32_t mode);
int cairn_make_symlink(int directory, const char *name, const char *target);
int cairn_make_link(int from_directory, const char *from, int to_directory, const char *to);
int cairn_make_node(
    int directory, const char *name, uint32_t mode, uint32_t major, uint32_t minor);
int cairn_unlink(int directory, const char *name, int is_directory);
int cairn_rename(
    int from_directory, const char *from, int to_directory, const char *to, int replace);
ssize_t cairn_read_link(int directory, const char *name, char *buffer, size_t count);

// --- metadata ---

int cairn_set_owner(int directory, const char *name, uint32_t uid, uint32_t gid);
int cairn_set_owner_of(int fd, uint32_t uid, uint32_t gid);
// -EOPNOTSUPP for a symbolic link.
int cairn_set_mode(int directory, const char *name, uint32_t mode);
int cairn_set_mode_of(int fd, uint32_t mode);
int cairn_set_mtime(int directory, const char *name, int64_t seconds, uint32_t nanoseconds);
int cairn_set_mtime_of(int fd, int64_t seconds, uint32_t nanoseconds);

// Extended attributes of an open file (name NULL) or of a name in a directory.
ssize_t cairn_xattr_list(int fd, const char *name, char *buffer, size_t count);
ssize_t cairn_xattr_get(
    int fd, const char *name, const char *attribute, void *buffer, size_t count);
int cairn_xattr_set(
    int fd, const char *name, const char *attribute, const void *value, size_t count);
int cairn_xattr_remove(int fd, const char *name, const char *attribute);
// For tests: behave as on a kernel without the *at calls, or (0) find out again.
void cairn_xattr_use_fallback(int on);

// --- locks ---

int cairn_lock(int fd, int exclusive, int wait);
int cairn_unlock(int fd);

// --- process ---

int cairn_random(void *buffer, size_t count);
int64_t cairn_monotonic_nanoseconds(void);
int cairn_process_exists(int32_t pid);
int64_t cairn_clock_ticks_per_second(void);
void cairn_name_thread(const char *name);
void cairn_resource_usage(
    int64_t *peak_resident_bytes, int64_t *user_nanoseconds, int64_t *system_nanoseconds);
// 0 when found; the name is NUL-terminated in `buffer`. -ENOENT when there is none.
int cairn_user_name(uint32_t uid, char *buffer, size_t count);
int cairn_group_name(uint32_t gid, char *buffer, size_t count);
int cairn_user_id(const char *name, uint32_t *uid);
int cairn_group_id(const char *name, uint32_t *gid);

// --- signals ---

// A signal for waking the waiter only; never sent to the process.
int cairn_wake_signal(void);
// Blocks the signals (and the wake signal) in the calling thread and those it starts later.
int cairn_block_signals(const int32_t *signals, size_t count);
// Waits for one of them, or the wake signal; returns its number.
int cairn_wait_signal(const int32_t *signals, size_t count);
