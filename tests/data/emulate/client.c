// A client of the DRM interface that treats descriptors in every way that programs do. Exits with 0, or prints what was
// wrong. Without an argument it is the test; with "hold" it holds things and waits until it is killed; with "children" it
// starts programs in every way that libc has, with environments that lead nowhere, each of which is itself with "child"
// and looks for the card; with "cards" it shares a buffer between two cards; with two numbers it is the program that inherits a descriptor.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <drm.h>
#include <amdgpu_drm.h>

#define CHECK(condition)                                                                          \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			printf("line %d: %s (errno %d, %s)\n", __LINE__, #condition, errno, strerror(errno)); \
			exit(1);                                                                  \
		}                                                                                 \
	} while (0)

static int version(int fd)
{
	char name[16] = "";
	struct drm_version v = { .name_len = sizeof name - 1, .name = name };
	if (ioctl(fd, DRM_IOCTL_VERSION, &v) != 0)
		return -errno;
	return strcmp(name, "amdgpu") == 0 ? v.version_major * 100 + v.version_minor : -1;
}

static uint32_t create(int fd, uint64_t size)
{
	union drm_amdgpu_gem_create c = { .in = { .bo_size = size, .domains = AMDGPU_GEM_DOMAIN_GTT } };
	CHECK(ioctl(fd, DRM_IOCTL_AMDGPU_GEM_CREATE, &c) == 0);
	return c.out.handle;
}

static uint32_t *map(int fd, uint32_t handle, size_t size)
{
	union drm_amdgpu_gem_mmap m = { .in = { .handle = handle } };
	CHECK(ioctl(fd, DRM_IOCTL_AMDGPU_GEM_MMAP, &m) == 0);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, m.out.addr_ptr);
	CHECK(p != MAP_FAILED);
	return p;
}

static void send_descriptor(int channel, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof fd)] = "";
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	CHECK(sendmsg(channel, &m, 0) == 1);
}

static int receive_descriptor(int channel)
{
	int fd;
	char byte, room[CMSG_SPACE(sizeof fd)];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
	CHECK(recvmsg(channel, &m, 0) == 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}

static void paths(void)
{
	struct stat st;
	struct statx sx;
	char link[256], *real;
	CHECK(stat("/dev/dri/renderD128", &st) == 0 && S_ISCHR(st.st_mode));
	CHECK(major(st.st_rdev) == 226 && minor(st.st_rdev) == 128);
	CHECK(lstat("/dev/dri/card0", &st) == 0 && S_ISCHR(st.st_mode) && minor(st.st_rdev) == 0);
	CHECK(stat("/dev/dri/by-path/pci-0000:03:00.0-render", &st) == 0 && minor(st.st_rdev) == 128);
	CHECK(statx(AT_FDCWD, "/dev/dri/renderD128", 0, STATX_BASIC_STATS, &sx) == 0);
	CHECK(S_ISCHR(sx.stx_mode) && sx.stx_rdev_major == 226 && sx.stx_rdev_minor == 128);
	CHECK(access("/dev/dri/card1", F_OK) == -1 && errno == ENOENT);
	DIR *dir = opendir("/dev/dri");
	CHECK(dir);
	int nodes = 0;
	for (struct dirent *e; (e = readdir(dir));)
		nodes += strcmp(e->d_name, "card0") == 0 || strcmp(e->d_name, "renderD128") == 0;
	CHECK(nodes == 2);
	int fd = openat(dirfd(dir), "renderD128", O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0 && version(fd) >= 340);
	close(fd);
	closedir(dir);
	real = realpath("/sys/dev/char/226:128/device", NULL);
	CHECK(real && strncmp(real, "/sys/devices/", 13) == 0 && strstr(real, "/0000:03:00.0"));
	free(real);
	ssize_t n = readlink("/sys/dev/char/226:128/device/subsystem", link, sizeof link - 1);
	CHECK(n > 4 && memcmp(link + n - 4, "/pci", 4) == 0);
	FILE *f = fopen("/sys/dev/char/226:0/device/vendor", "r");
	CHECK(f && fgets(link, sizeof link, f) && strcmp(link, "0x1002\n") == 0);
	fclose(f);
	// The machine's own files stay what they are.
	CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) == 1);
	CHECK(realpath("/proc/self/cwd/.", link));
}

static void *other_thread(void *arg)
{
	return (void *)(intptr_t)version(*(int *)arg);
}

static const char *said(int status)
{
	return status == 0 ? "0" : errno == ENODEV ? "ENODEV" : strerror(errno);
}

static int hold(void)
{
	int fd = open("/dev/dri/renderD128", O_RDWR);
	CHECK(fd >= 0);
	uint32_t handle = create(fd, 1 << 20);
	map(fd, handle, 1 << 20)[5] = 1;
	struct drm_amdgpu_gem_va va = { .handle = handle, .operation = AMDGPU_VA_OP_MAP, .va_address = 0x10000000,
		.flags = AMDGPU_VM_PAGE_READABLE | AMDGPU_VM_PAGE_WRITEABLE, .map_size = 1 << 20 };
	CHECK(ioctl(fd, DRM_IOCTL_AMDGPU_GEM_VA, &va) == 0);
	union drm_amdgpu_ctx ctx = { .in = { .op = AMDGPU_CTX_OP_ALLOC_CTX } };
	CHECK(ioctl(fd, DRM_IOCTL_AMDGPU_CTX, &ctx) == 0);
	struct drm_syncobj_create sync = { 0 };
	CHECK(ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync) == 0);
	struct drm_syncobj_wait wait = { .handles = (uintptr_t)&sync.handle, .count_handles = 1, .timeout_nsec = INT64_MAX,
		.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT };
	CHECK(write(STDOUT_FILENO, "h", 1) == 1);
	const char *first = said(ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait));
	printf("%s %s\n", first, said(version(fd) < 0 ? -1 : 0));
	return 0;
}

static sigjmp_buf away;

static void bus(int signal)
{
	siglongjmp(away, signal);
}

// What one card exports, the other imports; the CPU reaches it by its own descriptor, and not through the other card.
static int cards(void)
{
	int one = open("/dev/dri/renderD128", O_RDWR), two = open("/dev/dri/renderD129", O_RDWR);
	CHECK(one >= 0 && two >= 0);
	uint32_t handle = create(one, 4096);
	map(one, handle, 4096)[0] = 0x600d;
	struct drm_prime_handle prime = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };
	CHECK(ioctl(one, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) == 0);
	struct drm_prime_handle import = { .fd = prime.fd }, back = { 0 };
	CHECK(ioctl(two, DRM_IOCTL_PRIME_FD_TO_HANDLE, &import) == 0);
	uint32_t *q = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, prime.fd, 0);
	CHECK(q != MAP_FAILED && q[0] == 0x600d);
	signal(SIGBUS, bus);
	volatile uint32_t *p = map(two, import.handle, 4096);
	if (sigsetjmp(away, 1) == 0) {
		p[0] = 1;
		CHECK(!"an import is mapped");
	}
	import.flags = DRM_CLOEXEC, import.fd = -1;
	CHECK(ioctl(two, DRM_IOCTL_PRIME_HANDLE_TO_FD, &import) == 0);
	q = mmap(NULL, 4096, PROT_READ, MAP_SHARED, import.fd, 0);
	CHECK(q != MAP_FAILED && q[0] == 0x600d);
	back.fd = import.fd;
	CHECK(ioctl(one, DRM_IOCTL_PRIME_FD_TO_HANDLE, &back) == 0 && back.handle == handle);
	puts("ok");
	return 0;
}

extern char **environ;

// Arguments that the child counts, so that lists of every length arrive.
static int child(int argc, char **argv)
{
	int fd = open("/dev/dri/renderD128", O_RDWR);
	if (fd < 0 || version(fd) < 340)
		return 10;
	if (argc < 3 || atoi(argv[2]) != argc)
		return 11;
	for (int i = 3; i < argc; i++)
		if (argv[i][0] != 'a' + i || argv[i][1])
			return 12;
	const char *kept = getenv("KEPT");
	return kept && strcmp(kept, "yes") == 0 ? 0 : 13;
}

static void ended(const char *how, pid_t pid)
{
	int status;
	CHECK(waitpid(pid, &status, 0) == pid);
	if (status != 0) {
		printf("%s: the child ended with %#x\n", how, status);
		exit(1);
	}
}

// In a child process.
#define IN_CHILD(call)                              \
	do {                                        \
		pid_t pid = fork();                 \
		if (pid == 0) {                     \
			call;                       \
			_exit(9);                   \
		}                                   \
		ended(#call, pid);                  \
	} while (0)

static int children(const char *self)
{
	char kept[] = "KEPT=yes", first[] = "child", three[] = "3", name[] = "c";
	char *args[] = { name, first, three, NULL }, *env[] = { kept, NULL }, *none[] = { NULL };
	char *loading[] = { kept, "LD_PRELOAD=libc.so.6", NULL };
	pid_t pid;
	CHECK(posix_spawn(&pid, self, NULL, NULL, args, env) == 0);
	ended("posix_spawn", pid);
	CHECK(posix_spawnp(&pid, self, NULL, NULL, args, loading) == 0);
	ended("posix_spawnp", pid);
	CHECK(posix_spawn(&pid, "/nonexistent", NULL, NULL, args, env) == ENOENT);
	CHECK(execve("/nonexistent", args, env) == -1 && errno == ENOENT);
	CHECK(execlp("/nonexistent", "x", "1", "2", "3", "4", "5", "6", "7", "8", (char *)NULL) == -1 && errno == ENOENT);
	// Nothing at all in the environment: the child misses KEPT, and has the card.
	int status;
	CHECK(posix_spawn(&pid, self, NULL, NULL, args, NULL) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 13 << 8);
	CHECK(posix_spawnp(&pid, self, NULL, NULL, args, none) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 13 << 8);
	IN_CHILD(execve(self, args, env));
	IN_CHILD(execve(self, args, loading));
	IN_CHILD(execvpe(self, args, env));
	IN_CHILD(fexecve(open(self, O_RDONLY), args, env));
	IN_CHILD(execle(self, "c", "child", "3", (char *)NULL, env));
	IN_CHILD(execle(self, "c", "child", "11", "d", "e", "f", "g", "h", "i", "j", "k", (char *)NULL, env));
	IN_CHILD(environ = env; execv(self, args));
	IN_CHILD(environ = env; execvp(self, args));
	IN_CHILD(clearenv(); putenv(kept); execl(self, "c", "child", "3", (char *)NULL));
	IN_CHILD(environ = env; execl(self, "c", "child", "4", "d", (char *)NULL));
	IN_CHILD(environ = env; execl(self, "c", "child", "5", "d", "e", (char *)NULL));
	IN_CHILD(environ = env; execl(self, "c", "child", "6", "d", "e", "f", (char *)NULL));
	IN_CHILD(environ = env; execlp(self, "c", "child", "7", "d", "e", "f", "g", (char *)NULL));
	IN_CHILD(execlp("env", "env", "-i", "KEPT=yes", self, "child", "3", (char *)NULL));
	// An environment for which the stack is no place; before exec, a child by vfork uses its parent's memory.
	static char text[20000][16], *many[20002];
	for (int i = 0; i < 20000; i++)
		snprintf(text[i], sizeof text[i], "V%d=%d", i, i), many[i] = text[i];
	many[20000] = kept;
	IN_CHILD(execve(self, args, many));
	CHECK(posix_spawn(&pid, self, NULL, NULL, args, many) == 0);
	ended("posix_spawn with a long environment", pid);
	pid = vfork();
	if (pid == 0) {
		execve(self, args, env);
		_exit(9);
	}
	ended("vfork and execve", pid);
	puts("ok");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "hold") == 0)
		return hold();
	if (argc == 2 && strcmp(argv[1], "cards") == 0)
		return cards();
	if (argc == 2 && strcmp(argv[1], "children") == 0)
		return children(argv[0]);
	if (argc >= 2 && strcmp(argv[1], "child") == 0)
		return child(argc, argv);
	if (argc == 3) {
		int fd = atoi(argv[1]);
		return version(fd) >= 340 ? map(fd, atoi(argv[2]), 4096)[0] != 0x600d : 2;
	}
	paths();

	int fd = open("/dev/dri/renderD128", O_RDWR);
	CHECK(fd >= 0);
	struct stat st;
	char text[64], link[64] = "";
	CHECK(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && minor(st.st_rdev) == 128);
	snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
	CHECK(readlink(text, link, sizeof link - 1) > 0 && strcmp(link, "/dev/dri/renderD128") == 0);
	CHECK(version(fd) >= 340);
	CHECK(ioctl(fd, DRM_IOCTL_VERSION, (void *)16) == -1 && errno == EFAULT);
	CHECK(ioctl(fd, _IO('d', 0x7f)) == -1 && errno == EINVAL);
	CHECK(ioctl(STDOUT_FILENO, DRM_IOCTL_VERSION, text) == -1);
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	CHECK(poll(&poll_fd, 1, 0) == 0);

	// Memory is one thing for all mappings; handles belong to the open file, not to the descriptor.
	uint32_t handle = create(fd, 4096);
	uint32_t *p = map(fd, handle, 4096);
	p[0] = 0x600d;
	int copy = fcntl(fd, F_DUPFD, 100);
	CHECK(copy >= 100 && map(copy, handle, 4096)[0] == 0x600d);
	int other = open("/dev/dri/renderD128", O_RDWR);
	union drm_amdgpu_gem_mmap m = { .in = { .handle = handle } };
	CHECK(ioctl(other, DRM_IOCTL_AMDGPU_GEM_MMAP, &m) == -1 && errno == ENOENT);
	close(other);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0x7654000) == MAP_FAILED && errno == EINVAL);
	close(fd);
	CHECK(version(fd) == -EBADF);
	CHECK(dup2(copy, fd) == fd);
	close(copy);
	CHECK(version(fd) >= 340);

	// Threads, and processes: by fork, by exec, by message.
	pthread_t thread;
	void *seen;
	CHECK(pthread_create(&thread, NULL, other_thread, &fd) == 0 && pthread_join(thread, &seen) == 0);
	CHECK((intptr_t)seen >= 340);
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		p[1] = 0xf0;
		_exit(version(fd) >= 340 && map(fd, handle, 4096)[0] == 0x600d ? 0 : 3);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0 && p[1] == 0xf0);
	CHECK(version(fd) >= 340);
	pid = fork();
	if (pid == 0) {
		char a[16], b[16];
		snprintf(a, sizeof a, "%d", fd), snprintf(b, sizeof b, "%u", handle);
		execl("/proc/self/exe", argv[0], a, b, (char *)NULL);
		_exit(4);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	int channel[2];
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, channel) == 0);
	pid = fork();
	if (pid == 0) {
		int mine = open("/dev/dri/card0", O_RDWR);
		uint32_t h = create(mine, 4096);
		map(mine, h, 4096)[0] = 77;
		send_descriptor(channel[1], mine);
		_exit(0);
	}
	other = receive_descriptor(channel[0]);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(version(other) >= 340 && map(other, 1, 4096)[0] == 77);
	close(other);

	// A shared buffer: by descriptor into another file, with its length, mapped by itself.
	struct drm_prime_handle prime = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };
	CHECK(ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) == 0 && prime.fd >= 0);
	CHECK(lseek(prime.fd, 0, SEEK_END) == 4096 && lseek(prime.fd, 0, SEEK_SET) == 0);
	uint32_t *q = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, prime.fd, 0);
	CHECK(q != MAP_FAILED && q[0] == 0x600d);
	other = open("/dev/dri/renderD128", O_RDWR);
	struct drm_prime_handle import = { .fd = prime.fd };
	CHECK(ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &import) == 0 && import.handle != 0);
	CHECK(map(other, import.handle, 4096)[0] == 0x600d);
	close(other), close(prime.fd);
	import.fd = 0;
	CHECK(ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &import) == -1);
	// A fence as a descriptor: readable once it has signalled.
	struct drm_syncobj_create sync = { 0 };
	CHECK(ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync) == 0);
	struct drm_syncobj_array each = { .handles = (uintptr_t)&sync.handle, .count_handles = 1 };
	CHECK(ioctl(fd, DRM_IOCTL_SYNCOBJ_SIGNAL, &each) == 0);
	struct drm_syncobj_handle file = { .handle = sync.handle, .flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE };
	CHECK(ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &file) == 0 && file.fd >= 0);
	struct pollfd ready = { file.fd, POLLIN, 0 };
	CHECK(poll(&ready, 1, 5000) == 1 && ready.revents & POLLIN);
	close(file.fd);
	// A user pointer: the device's memory is the program's.
	uint32_t *mine = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mine[0] = 5, mine[2047] = 6;
	struct drm_amdgpu_gem_userptr user = { .addr = (uintptr_t)mine, .size = 8192,
		.flags = AMDGPU_GEM_USERPTR_ANONONLY | AMDGPU_GEM_USERPTR_REGISTER };
	CHECK(ioctl(fd, DRM_IOCTL_AMDGPU_GEM_USERPTR, &user) == 0 && user.handle != 0);
	CHECK(mine[0] == 5 && mine[2047] == 6);
	mine[1] = 9;
	struct drm_gem_close gem = { .handle = user.handle };
	CHECK(ioctl(fd, DRM_IOCTL_GEM_CLOSE, &gem) == 0);
	CHECK(mine[0] == 5 && mine[1] == 9 && mine[2047] == 6);
	puts("ok");
	return 0;
}
