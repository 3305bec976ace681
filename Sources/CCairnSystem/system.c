// Files: opening, content, names, metadata.
#define _GNU_SOURCE
#include "cairn_system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

_Static_assert(CAIRN_AT_CWD == AT_FDCWD, "the header repeats AT_FDCWD for Swift");

#define RETRY(expression)                             \
  ({                                                  \
    __typeof__(expression) result_;                   \
    do {                                              \
      result_ = (expression);                         \
    } while (result_ < 0 && errno == EINTR);          \
    result_ < 0 ? -(__typeof__(expression))errno : result_; \
  })

// --- status ---

static int status(int directory, const char *name, int flags, cairn_status *out) {
  struct statx s;
  int result = RETRY(statx(directory, name, flags | AT_NO_AUTOMOUNT | AT_STATX_SYNC_AS_STAT,
                           STATX_BASIC_STATS | STATX_MNT_ID, &s));
  if (result < 0) return result;
  out->inode = s.stx_ino;
  out->size = s.stx_size;
  out->blocks = s.stx_blocks;
  out->mount_id = (s.stx_mask & STATX_MNT_ID) ? s.stx_mnt_id : 0;
  out->mtime_seconds = s.stx_mtime.tv_sec;
  out->ctime_seconds = s.stx_ctime.tv_sec;
  out->mtime_nanoseconds = s.stx_mtime.tv_nsec;
  out->ctime_nanoseconds = s.stx_ctime.tv_nsec;
  out->uid = s.stx_uid;
  out->gid = s.stx_gid;
  out->nlink = s.stx_nlink;
  out->device_major = s.stx_dev_major;
  out->device_minor = s.stx_dev_minor;
  out->rdev_major = s.stx_rdev_major;
  out->rdev_minor = s.stx_rdev_minor;
  out->mode = s.stx_mode;
  return 0;
}

int cairn_status_at(int directory, const char *name, cairn_status *out) {
  return status(directory, name, AT_SYMLINK_NOFOLLOW, out);
}

int cairn_status_of(int fd, cairn_status *out) { return status(fd, "", AT_EMPTY_PATH, out); }

// --- opening ---

static int open_flags(int options) {
  // openat2 refuses O_PATH together with anything but these.
  if (options & CAIRN_OPEN_PATH)
    return O_PATH | O_CLOEXEC | ((options & CAIRN_OPEN_DIRECTORY) ? O_DIRECTORY : 0) |
           ((options & CAIRN_OPEN_FOLLOW) ? 0 : O_NOFOLLOW);
  // A FIFO that replaced a regular file must not make the open wait for the other end.
  int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  if ((options & CAIRN_OPEN_READ) && (options & CAIRN_OPEN_WRITE))
    flags |= O_RDWR;
  else if (options & CAIRN_OPEN_WRITE)
    flags |= O_WRONLY;
  if (options & CAIRN_OPEN_CREATE) flags |= O_CREAT | O_EXCL;
  if (options & CAIRN_OPEN_OR_CREATE) flags |= O_CREAT;
  if (options & CAIRN_OPEN_DIRECTORY) flags |= O_DIRECTORY;
  if (options & CAIRN_OPEN_NOATIME) flags |= O_NOATIME;
  if (options & CAIRN_OPEN_DIRECT) flags |= O_DIRECT;
  if (!(options & CAIRN_OPEN_FOLLOW)) flags |= O_NOFOLLOW;
  return flags;
}

int cairn_open(int directory, const char *name, int options, uint32_t mode) {
  int flags = open_flags(options);
  int fd = RETRY(openat(directory, name, flags, (mode_t)mode));
  if (fd == -EPERM && (flags & O_NOATIME))
    fd = RETRY(openat(directory, name, flags & ~O_NOATIME, (mode_t)mode));
  return fd;
}

static int open_resolved(int directory, const char *path, int flags, uint32_t mode) {
  struct open_how how;
  memset(&how, 0, sizeof how);
  how.flags = (uint64_t)flags;
  how.mode = (flags & O_CREAT) ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile and the kernel could not prove the path safe.
  for (int attempt = 0;; attempt++) {
    int fd = (int)RETRY(syscall(SYS_openat2, directory, path, &how, sizeof how));
    if (fd != -EAGAIN || attempt == 64) return fd;
  }
}

int cairn_open_beneath(int directory, const char *path, int options, uint32_t mode) {
  int flags = open_flags(options);
  int fd = open_resolved(directory, path, flags, mode);
  if (fd == -EPERM && (flags & O_NOATIME))
    fd = open_resolved(directory, path, flags & ~O_NOATIME, mode);
  return fd;
}

// Not made again when interrupted: Linux has released the number by then.
int cairn_close(int fd) { return close(fd) < 0 && errno != EINTR ? -errno : 0; }

int cairn_duplicate(int fd) { return RETRY(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

// --- content ---

ssize_t cairn_read(int fd, void *buffer, size_t count) { return RETRY(read(fd, buffer, count)); }

ssize_t cairn_pread(int fd, void *buffer, size_t count, uint64_t offset) {
  return RETRY(pread(fd, buffer, count, (off_t)offset));
}

int cairn_write_all(int fd, const void *buffer, size_t count) {
  const char *next = buffer;
  while (count > 0) {
    ssize_t written = RETRY(write(fd, next, count));
    if (written < 0) return (int)written;
    if (written == 0) return -EIO;
    next += written;
    count -= (size_t)written;
  }
  return 0;
}

int cairn_pwrite_all(int fd, const void *buffer, size_t count, uint64_t offset) {
  const char *next = buffer;
  while (count > 0) {
    ssize_t written = RETRY(pwrite(fd, next, count, (off_t)offset));
    if (written < 0) return (int)written;
    if (written == 0) return -EIO;
    next += written;
    count -= (size_t)written;
    offset += (uint64_t)written;
  }
  return 0;
}

int cairn_fsync(int fd) { return RETRY(fsync(fd)); }
int cairn_fdatasync(int fd) { return RETRY(fdatasync(fd)); }
int cairn_ftruncate(int fd, uint64_t size) { return RETRY(ftruncate(fd, (off_t)size)); }

int cairn_allocate(int fd, uint64_t offset, uint64_t count, int keep_size) {
  return RETRY(
      fallocate(fd, keep_size ? FALLOC_FL_KEEP_SIZE : 0, (off_t)offset, (off_t)count));
}

int cairn_punch_hole(int fd, uint64_t offset, uint64_t count) {
  return RETRY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                         (off_t)count));
}

int cairn_set_direct(int fd, int on) {
  int flags = RETRY(fcntl(fd, F_GETFL));
  if (flags < 0) return flags;
  return RETRY(fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT));
}

int cairn_next_data(int fd, uint64_t offset, uint64_t *start, uint64_t *end) {
  off_t data = RETRY(lseek(fd, (off_t)offset, SEEK_DATA));
  if (data < 0) return (int)data;
  off_t hole = RETRY(lseek(fd, data, SEEK_HOLE));
  if (hole < 0) return (int)hole;
  *start = (uint64_t)data;
  *end = (uint64_t)hole;
  return 0;
}

int cairn_advise(int fd, uint64_t offset, uint64_t count, int advice) {
  int value = advice == CAIRN_ADVISE_SEQUENTIAL ? POSIX_FADV_SEQUENTIAL
              : advice == CAIRN_ADVISE_WILLNEED ? POSIX_FADV_WILLNEED
                                                : POSIX_FADV_DONTNEED;
  return -posix_fadvise(fd, (off_t)offset, (off_t)count, value);
}

// --- directories and names ---

ssize_t cairn_getdents(int fd, void *buffer, size_t count) {
  return RETRY(syscall(SYS_getdents64, fd, buffer, count));
}

int cairn_make_directory(int directory, const char *name, uint32_t mode) {
  return RETRY(mkdirat(directory, name, (mode_t)mode));
}

int cairn_make_symlink(int directory, const char *name, const char *target) {
  return RETRY(symlinkat(target, directory, name));
}

int cairn_make_link(int from_directory, const char *from, int to_directory, const char *to) {
  return RETRY(linkat(from_directory, from, to_directory, to, 0));
}

int cairn_make_node(
    int directory, const char *name, uint32_t mode, uint32_t major, uint32_t minor) {
  return RETRY(mknodat(directory, name, (mode_t)mode, makedev(major, minor)));
}

int cairn_unlink(int directory, const char *name, int is_directory) {
  return RETRY(unlinkat(directory, name, is_directory ? AT_REMOVEDIR : 0));
}

int cairn_rename(
    int from_directory, const char *from, int to_directory, const char *to, int replace) {
  if (replace) return RETRY(renameat(from_directory, from, to_directory, to));
  int result = RETRY(renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE));
  if (result != -EINVAL && result != -ENOSYS) return result;
  // File systems without RENAME_NOREPLACE: a link refuses an existing name just as well.
  result = RETRY(linkat(from_directory, from, to_directory, to, 0));
  if (result < 0) return result;
  return RETRY(unlinkat(from_directory, from, 0));
}

ssize_t cairn_read_link(int directory, const char *name, char *buffer, size_t count) {
  return RETRY(readlinkat(directory, name, buffer, count));
}

// --- metadata ---

int cairn_set_owner(int directory, const char *name, uint32_t uid, uint32_t gid) {
  return RETRY(fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW));
}

int cairn_set_owner_of(int fd, uint32_t uid, uint32_t gid) { return RETRY(fchown(fd, uid, gid)); }

int cairn_set_mode(int directory, const char *name, uint32_t mode) {
  return RETRY(fchmodat(directory, name, (mode_t)mode, AT_SYMLINK_NOFOLLOW));
}

int cairn_set_mode_of(int fd, uint32_t mode) { return RETRY(fchmod(fd, (mode_t)mode)); }

int cairn_set_mtime(int directory, const char *name, int64_t seconds, uint32_t nanoseconds) {
  struct timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
  return RETRY(utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW));
}

int cairn_set_mtime_of(int fd, int64_t seconds, uint32_t nanoseconds) {
  struct timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
  return RETRY(futimens(fd, times));
}

// Linux 6.13 has *at calls for extended attributes, which this C library does not know yet. On
// older kernels the magic link of the directory's descriptor stands in, at half the speed.
enum { SETXATTRAT = 463, GETXATTRAT = 464, LISTXATTRAT = 465, REMOVEXATTRAT = 466 };

struct attribute_arguments {
  uint64_t value;
  uint32_t size;
  uint32_t flags;
};

typedef struct {
  char path[PATH_MAX + 40];
} attribute_path;

static _Atomic int xattrat_known = -1;

void cairn_xattr_use_fallback(int on) { xattrat_known = on ? 0 : -1; }

static int has_xattrat(void) {
  int known = xattrat_known;
  if (known < 0)
    xattrat_known = known = syscall(LISTXATTRAT, AT_FDCWD, "/", AT_SYMLINK_NOFOLLOW, NULL, (size_t)0) >= 0 ||
            errno == ENOTSUP;
  return known;
}

static const char *path_of(int directory, const char *name, attribute_path *storage) {
  if (directory == AT_FDCWD || name[0] == '/') return name;
  int length = snprintf(
      storage->path, sizeof storage->path, "/proc/self/fd/%d/%s", directory, name);
  return length < (int)sizeof storage->path ? storage->path : NULL;
}

ssize_t cairn_xattr_list(int fd, const char *name, char *buffer, size_t count) {
  if (!name) return RETRY(flistxattr(fd, buffer, count));
  if (has_xattrat())
    return RETRY(syscall(LISTXATTRAT, fd, name, AT_SYMLINK_NOFOLLOW, buffer, count));
  attribute_path storage;
  const char *path = path_of(fd, name, &storage);
  if (!path) return -ENAMETOOLONG;
  return RETRY(llistxattr(path, buffer, count));
}

ssize_t cairn_xattr_get(
    int fd, const char *name, const char *attribute, void *buffer, size_t count) {
  if (!name) return RETRY(fgetxattr(fd, attribute, buffer, count));
  if (has_xattrat()) {
    struct attribute_arguments arguments = {(uint64_t)(uintptr_t)buffer, (uint32_t)count, 0};
    return RETRY(syscall(GETXATTRAT, fd, name, AT_SYMLINK_NOFOLLOW, attribute, &arguments,
                         sizeof arguments));
  }
  attribute_path storage;
  const char *path = path_of(fd, name, &storage);
  if (!path) return -ENAMETOOLONG;
  return RETRY(lgetxattr(path, attribute, buffer, count));
}

int cairn_xattr_set(
    int fd, const char *name, const char *attribute, const void *value, size_t count) {
  if (!name) return RETRY(fsetxattr(fd, attribute, value, count, 0));
  if (has_xattrat()) {
    struct attribute_arguments arguments = {(uint64_t)(uintptr_t)value, (uint32_t)count, 0};
    return (int)RETRY(syscall(SETXATTRAT, fd, name, AT_SYMLINK_NOFOLLOW, attribute, &arguments,
                              sizeof arguments));
  }
  attribute_path storage;
  const char *path = path_of(fd, name, &storage);
  if (!path) return -ENAMETOOLONG;
  return RETRY(lsetxattr(path, attribute, value, count, 0));
}

int cairn_xattr_remove(int fd, const char *name, const char *attribute) {
  if (!name) return RETRY(fremovexattr(fd, attribute));
  if (has_xattrat())
    return (int)RETRY(syscall(REMOVEXATTRAT, fd, name, AT_SYMLINK_NOFOLLOW, attribute));
  attribute_path storage;
  const char *path = path_of(fd, name, &storage);
  if (!path) return -ENAMETOOLONG;
  return RETRY(lremovexattr(path, attribute));
}

// --- locks ---

int cairn_lock(int fd, int exclusive, int wait) {
  return RETRY(flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB)));
}

int cairn_unlock(int fd) { return RETRY(flock(fd, LOCK_UN)); }
