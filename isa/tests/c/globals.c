#define KERNEL __attribute__((amdgpu_kernel))
static int table[4] = {1, 2, 3, 4};
const double constants[3] = {1.5, 2.5, -3.5};
int counter;
int other = 7;
static const char *const names[] = {"one", "two", "three"};
extern int outside;
static long zeros[100];
__attribute__((weak)) int weak_one = 4;
__attribute__((visibility("protected"))) float shown = 1.25f;
struct node { struct node *next; int value; };
static struct node second = {0, 2};
static struct node first = {&second, 1};
struct node *list = &first;
__attribute__((aligned(64))) char wide[3] = "ab";
__attribute__((section("mine"))) int placed = 9;
KERNEL void use(int *p, long i) {
    p[0] = table[p[1] & 3] + counter + other + placed;
    p[2] = constants[i] + names[i][0] + outside + weak_one + shown;
    zeros[i] = list->next->value + wide[i];
    table[i] = i;
}
