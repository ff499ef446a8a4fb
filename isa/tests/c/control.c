#define KERNEL __attribute__((amdgpu_kernel))
int pick(int x) {
    switch (x) {
    case 0: return 17;
    case 1: return 3;
    case 2: return 99;
    case 3: return -5;
    case 4: return 12345;
    case 5: return 8;
    case 6: return 1000000;
    default: return 0;
    }
}
KERNEL void jump(int *p, int *q) {
    switch (p[0]) {
    case 0: q[0] = p[1]; break;
    case 1: q[1] = p[1] + p[2]; break;
    case 2: q[2] = p[1] * p[2]; break;
    case 3: q[3] = p[1] - p[2]; break;
    case 4: q[4] = p[1] ^ p[2]; break;
    case 5: q[5] = p[1] & p[2]; break;
    case 9: q[9] = pick(p[1]); break;
    }
}
KERNEL void nest(int *p, int n) {
    for (int i = 0; i < n; i++)
        for (int j = i; j < n; j += 2) {
            if (p[i] > p[j]) continue;
            if (p[j] < 0) break;
            p[i] += p[j] ? p[j] : j;
        }
    do { n /= 2; p[n]++; } while (n > 3);
}
