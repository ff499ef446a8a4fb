#define KERNEL __attribute__((amdgpu_kernel))
__attribute__((noinline)) static int factorial(int x) { return x <= 1 ? 1 : x * factorial(x - 1); }
__attribute__((noinline)) static int odd(int);
__attribute__((noinline)) static int even(int x) { return x == 0 ? 1 : odd(x - 1); }
__attribute__((noinline)) static int odd(int x) { return x == 0 ? 0 : even(x - 1); }
__attribute__((noinline)) int sum(int *p, int n) {
    int s = 0;
    for (int i = 0; i < n; i++)
        s += p[i];
    return s;
}
extern int elsewhere(int, float);
typedef int (*fn)(int);
static fn const table[] = {factorial, even, odd};
KERNEL void run(int *p, int n) {
    p[0] = factorial(p[1]) + even(p[2]);
    p[3] = sum(p, n);
}
KERNEL void indirect(int *p) { p[0] = table[p[1] % 3](p[2]); }
KERNEL void far_away(int *p) { p[0] = elsewhere(p[0], 2.5f); }
int helper(int a, long b, double c) { return a + b * c; }
