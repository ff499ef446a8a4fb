kernel void mandelbrot(global uint *out, float x0, float y0, float step, uint width) {
    uint px = get_global_id(0), py = get_global_id(1), n = 0;
    float cr = x0 + step * px, ci = y0 + step * py, r = 0, i = 0;
    while (n < 1000 && r * r + i * i < 4.0f) {
        float t = r * r - i * i + cr;
        i = 2.0f * r * i + ci;
        r = t;
        n++;
    }
    out[py * width + px] = n;
}
