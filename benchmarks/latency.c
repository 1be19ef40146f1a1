/* Lets operations on files wait as a network file system does, and counts them: LD_PRELOAD, see benchmarks/latency.py.
 * Nothing waits or counts until kosha_latency_begin is called, so that an interpreter starts as quickly as ever.
 * What does not go through these functions of libc (raw system calls, fstat and reads of open files) is not seen. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static atomic_long reads, writes;
static atomic_long read_us = -1, write_us = -1;

void kosha_latency_begin(long for_reads, long for_writes) {
    atomic_store(&reads, 0);
    atomic_store(&writes, 0);
    atomic_store(&write_us, for_writes);
    atomic_store(&read_us, for_reads);
}
void kosha_latency_end(void) {
    atomic_store(&read_us, -1);
    atomic_store(&write_us, -1);
}
long kosha_latency_reads(void) { return atomic_load(&reads); }
long kosha_latency_writes(void) { return atomic_load(&writes); }

static void delay(atomic_long *count, atomic_long *latency) {
    long us = atomic_load(latency);
    if (us < 0) return;
    atomic_fetch_add(count, 1);
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    if (us > 0) nanosleep(&time, NULL);
}

#define REAL(type, name, ...)                                  \
    static type (*real)(__VA_ARGS__);                          \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)
#define READ delay(&reads, &read_us)
#define WRITE delay(&writes, &write_us)

#define OPENAT(name)                                           \
    int name(int folder, const char *path, int flags, ...) {   \
        va_list rest;                                          \
        va_start(rest, flags);                                 \
        mode_t mode = va_arg(rest, mode_t);                    \
        va_end(rest);                                          \
        REAL(int, #name, int, const char *, int, ...);         \
        READ;                                                  \
        return real(folder, path, flags, mode);                \
    }
OPENAT(openat)
OPENAT(openat64)

#define OPEN(name)                                             \
    int name(const char *path, int flags, ...) {               \
        va_list rest;                                          \
        va_start(rest, flags);                                 \
        mode_t mode = va_arg(rest, mode_t);                    \
        va_end(rest);                                          \
        REAL(int, #name, const char *, int, ...);              \
        READ;                                                  \
        return real(path, flags, mode);                        \
    }
OPEN(open)
OPEN(open64)

#define STAT(name, kind)                                            \
    int name(const char *path, struct kind *found) {           \
        REAL(int, #name, const char *, struct kind *);         \
        READ;                                                  \
        return real(path, found);                              \
    }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)

#define FSTATAT(name, kind)                                                  \
    int name(int folder, const char *path, struct kind *found, int flags) {  \
        REAL(int, #name, int, const char *, struct kind *, int);             \
        READ;                                                                \
        return real(folder, path, found, flags);                             \
    }
FSTATAT(fstatat, stat)
FSTATAT(fstatat64, stat64)

DIR *opendir(const char *path) {
    REAL(DIR *, "opendir", const char *);
    READ;
    return real(path);
}
DIR *fdopendir(int folder) {
    REAL(DIR *, "fdopendir", int);
    READ;
    return real(folder);
}
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(int, "mkdirat", int, const char *, mode_t);
    WRITE;
    return real(folder, path, mode);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    WRITE;
    return real(path, mode);
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    WRITE;
    return real(folder, path, flags);
}
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    WRITE;
    return real(path);
}
int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    WRITE;
    return real(path);
}
int renameat(int from, const char *old, int to, const char *new) {
    REAL(int, "renameat", int, const char *, int, const char *);
    WRITE;
    return real(from, old, to, new);
}
int rename(const char *old, const char *new) {
    REAL(int, "rename", const char *, const char *);
    WRITE;
    return real(old, new);
}
int linkat(int from, const char *old, int to, const char *new, int flags) {
    REAL(int, "linkat", int, const char *, int, const char *, int);
    WRITE;
    return real(from, old, to, new, flags);
}
