kernel void quadratic(global const double *p, global double *out) {
    size_t k = get_global_id(0);
    double a = p[3 * k], b = p[3 * k + 1], c = p[3 * k + 2];
    double d = b * b - 4.0 * a * c;
    out[2 * k] = d < 0.0 ? 0.0 : (-b + __builtin_sqrt(d)) / (2.0 * a);
    out[2 * k + 1] = __builtin_fma(a, b, c) + 0.15915494309189532 + 1.0e300;
}
kernel void mixed(global const float *f, global double *d, global int *n) {
    size_t k = get_global_id(0);
    d[k] = f[k] * 0.5 + n[k];
    n[k] = (int)d[k] + (int)__builtin_floor(d[k]);
}
