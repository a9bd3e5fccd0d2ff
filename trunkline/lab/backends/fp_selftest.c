/*
 * Run inside the lab kernel before anything else: do vector registers survive there?
 *
 * Several processes with several threads each keep a pattern of their own in one wide register of every
 * kind the processor has (SSE xmm, AVX ymm, AVX-512 zmm with a mask register), give the processor away or
 * get interrupted by a timer whose handler destroys the registers, and compare. The handler spares AVX-512:
 * User-mode Linux keeps that state over context switches, but its signal frames end with AVX, so the lab asks
 * the C library not to use AVX-512 (uml.ENVIRONMENT), and nothing else does in a handler. Prints a line per kind;
 * exit status 0 = every pattern survived, 1 = a register was corrupted, 2 = the test could not run.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum kind { XMM, YMM, ZMM, KINDS };

static const char *const names[KINDS] = { "xmm", "ymm", "zmm" };
static const size_t widths[KINDS] = { 16, 32, 64 };
enum { PROCESSES = 3, THREADS = 4, ROUNDS = 1200, SPIN = 1500, TICK_MICROSECONDS = 4000 };

static enum kind kind;
static int corrupted;

/* The registers must live across a system call and a busy wait, so both are inside the assembly blocks. */
#define HOLD(LOAD, STORE)                                                                          \
	__asm__ volatile(LOAD "\n\t"                                                               \
			 "test %%ebx, %%ebx\n\t"                                                   \
			 "jz 1f\n\t"                                                               \
			 "syscall\n\t"                                                             \
			 "jmp 2f\n"                                                                \
			 "1:\tdec %%edx\n\t"                                                       \
			 "jnz 1b\n"                                                                \
			 "2:\t" STORE                                                              \
			 : "+a"(number), "+d"(spin)                                                \
			 : "b"(yield), "S"(in), "D"(out)                                           \
			 : "rcx", "r11", "memory", "xmm14", "cc")

static void hold(const uint64_t *in, uint64_t *out, int yield, uint64_t *mask)
{
	long number = 24; /* sched_yield */
	int spin = SPIN;
	switch (kind) {
	case XMM:
		HOLD("movdqu (%%rsi), %%xmm14", "movdqu %%xmm14, (%%rdi)");
		break;
	case YMM:
		HOLD("vmovdqu (%%rsi), %%ymm14", "vmovdqu %%ymm14, (%%rdi)");
		break;
	case ZMM:
		__asm__ volatile("kmovw %0, %%k5" : : "r"((int)(*mask & 0xffff)));
		HOLD("vmovdqu64 (%%rsi), %%zmm14", "vmovdqu64 %%zmm14, (%%rdi)");
		int seen;
		__asm__ volatile("kmovw %%k5, %0" : "=r"(seen));
		*mask = (uint64_t)seen;
		break;
	case KINDS:
		break;
	}
}

static void *keep_pattern(void *argument)
{
	uint64_t seed = (uint64_t)(uintptr_t)argument * 0x9e3779b97f4a7c15ull ^ (uint64_t)getpid() << 20;
	uint64_t in[8], out[8];
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < 8; i++)
			in[i] = seed + (uint64_t)round * 0x10001 + (uint64_t)i * 7919;
		memset(out, 0, sizeof out);
		uint64_t mask = in[0] & 0xffff;
		hold(in, out, round & 1, &mask);
		if (memcmp(in, out, widths[kind]) || mask != (in[0] & 0xffff))
			__atomic_add_fetch(&corrupted, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void destroy_registers(int signal_number)
{
	(void)signal_number;
	if (kind == XMM)
		__asm__ volatile("pxor %%xmm14, %%xmm14" : : : "xmm14");
	else if (kind == YMM)
		__asm__ volatile("vpxor %%ymm14, %%ymm14, %%ymm14" : : : "xmm14");
}

static int one_process(int number)
{
	struct sigaction action = { .sa_handler = destroy_registers, .sa_flags = SA_RESTART };
	struct itimerval tick = { { 0, TICK_MICROSECONDS }, { 0, TICK_MICROSECONDS } };
	pthread_t threads[THREADS];
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(threads + i, NULL, keep_pattern, (void *)(number * 100 + i + 1)))
			return 2;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return corrupted != 0;
}

static int try_kind(void)
{
	int worst = 0;
	for (int number = 1; number <= PROCESSES; number++) {
		pid_t child = fork();
		if (child < 0)
			return 2;
		if (child == 0)
			_exit(one_process(number));
	}
	for (int status; wait(&status) > 0;) {
		int result = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		worst = result > worst ? result : worst;
	}
	return worst;
}

int main(void)
{
	int has[KINDS] = { 1, __builtin_cpu_supports("avx"), __builtin_cpu_supports("avx512f") };
	int worst = 0;
	for (int i = 0; i < KINDS; i++) {
		if (!has[i])
			continue;
		kind = (enum kind)i;
		int result = try_kind();
		printf("%s %s\n", names[i], result == 0 ? "intact" : result == 1 ? "CORRUPTED" : "not testable");
		fflush(stdout);
		worst = result > worst ? result : worst;
	}
	return worst;
}
