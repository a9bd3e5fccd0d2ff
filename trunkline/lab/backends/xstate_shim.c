/*
 * Preloaded into linux.uml: lets a User-mode Linux kernel with a small, fixed buffer for the extended
 * processor state (x87, SSE, AVX, ...) run on a host whose XSAVE area is larger than that buffer.
 *
 * The host hands out and takes back only whole areas, so ptrace's NT_X86_XSTATE requests pass through a
 * buffer of the host's size. Components that lie wholly inside the guest kernel's buffer keep their values;
 * the others (AMX tiles, for one) are declared "in initial state" in the area's header. A process in the
 * guest must therefore not use them, and the lab's self-test checks that everything else survives.
 * Where the host's area fits, nothing is changed.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#define HEADER_OFFSET 512 /* XSTATE_BV; the legacy x87/SSE region lies before it (Intel SDM 1, 13.4) */
#define FIRST_EXTENDED 2  /* components 0 and 1, x87 and SSE, live in the legacy region */
#define LAST_COMPONENT 62

typedef long ptrace_fn(int, pid_t, void *, void *);

static unsigned char host_area[1 << 17] __attribute__((aligned(64)));
static size_t host_bytes; /* size of the host's area, learnt from the host itself */

static ptrace_fn *real_ptrace(void)
{
	static ptrace_fn *found;
	if (!found)
		found = (ptrace_fn *)dlsym(RTLD_NEXT, "ptrace");
	return found;
}

/*
 * Bits of XSTATE_BV whose component ends within the first `bytes` bytes of the area. Remembered: CPUID leaves the
 * virtual machine, and this is asked twice for every system call of the guest.
 */
static uint64_t components_within(size_t bytes)
{
	static size_t known_bytes;
	static uint64_t known_mask;
	uint64_t mask = 3;
	unsigned int size, offset, ecx, edx;
	if (bytes == known_bytes && known_mask)
		return known_mask;
	for (int i = FIRST_EXTENDED; i <= LAST_COMPONENT; i++) {
		if (!__get_cpuid_count(0xd, i, &size, &offset, &ecx, &edx))
			break;
		if (size && (size_t)offset + size <= bytes)
			mask |= 1ull << i;
	}
	known_bytes = bytes;
	known_mask = mask;
	return mask;
}

static void keep_components(unsigned char *area, size_t guest_bytes)
{
	uint64_t present;
	memcpy(&present, area + HEADER_OFFSET, sizeof present);
	present &= components_within(guest_bytes);
	memcpy(area + HEADER_OFFSET, &present, sizeof present);
}

static long read_host(pid_t pid, void *kind)
{
	struct iovec whole = { host_area, sizeof host_area };
	long result = real_ptrace()(PTRACE_GETREGSET, pid, kind, &whole);
	if (result >= 0)
		host_bytes = whole.iov_len;
	return result;
}

static long get_state(pid_t pid, void *kind, struct iovec *guest)
{
	long result = read_host(pid, kind);
	if (result < 0)
		return result;
	if (host_bytes > guest->iov_len)
		keep_components(host_area, guest->iov_len);
	else
		guest->iov_len = host_bytes;
	memcpy(guest->iov_base, host_area, guest->iov_len);
	return result;
}

static long set_state(pid_t pid, void *kind, struct iovec *guest)
{
	if (!host_bytes && read_host(pid, kind) < 0)
		return -1;
	if (host_bytes <= guest->iov_len) {
		struct iovec exact = { guest->iov_base, host_bytes };
		return real_ptrace()(PTRACE_SETREGSET, pid, kind, &exact);
	}
	memset(host_area, 0, host_bytes);
	memcpy(host_area, guest->iov_base, guest->iov_len);
	keep_components(host_area, guest->iov_len);
	struct iovec whole = { host_area, host_bytes };
	return real_ptrace()(PTRACE_SETREGSET, pid, kind, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
	va_list arguments;
	va_start(arguments, request);
	pid_t pid = va_arg(arguments, pid_t);
	void *address = va_arg(arguments, void *);
	void *data = va_arg(arguments, void *);
	va_end(arguments);

	if (!real_ptrace()) {
		errno = ENOSYS;
		return -1;
	}
	if ((uintptr_t)address == NT_X86_XSTATE && request == PTRACE_GETREGSET)
		return get_state(pid, address, data);
	if ((uintptr_t)address == NT_X86_XSTATE && request == PTRACE_SETREGSET)
		return set_state(pid, address, data);
	return real_ptrace()(request, pid, address, data);
}
