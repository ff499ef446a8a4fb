#define KERNEL __attribute__((amdgpu_kernel))
static const char *const names[] = {"alpha", "beta\n", "gam\"ma\\", "del\x01ta\xff", ""};
const char greeting[] = "hello, \tworld";
static const unsigned short wide[] = {1, 2, 0xffff};
static int counter = 5;
int shared_value __attribute__((visibility("protected"))) = 7;
int zeroed[100];
__attribute__((weak)) int maybe = 3;
__attribute__((section("mine"))) int elsewhere = 9;
KERNEL void pick(char *out, int k) {
    const char *s = names[k % 5];
    while ((*out++ = *s++)) {
    }
    out[0] = greeting[k % 13];
    out[1] = (char)wide[k % 3];
    zeroed[k % 100] = counter++ + shared_value + maybe + elsewhere;
}
