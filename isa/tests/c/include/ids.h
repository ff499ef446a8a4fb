// Stands for the OpenCL library, which the sources here are compiled without.
#define ids_id(d) ((d) == 0 ? __builtin_amdgcn_workitem_id_x() : (d) == 1 ? __builtin_amdgcn_workitem_id_y() : __builtin_amdgcn_workitem_id_z())
#define ids_group(d) ((d) == 0 ? __builtin_amdgcn_workgroup_id_x() : (d) == 1 ? __builtin_amdgcn_workgroup_id_y() : __builtin_amdgcn_workgroup_id_z())
#define ids_size(d) ((d) == 0 ? __builtin_amdgcn_workgroup_size_x() : (d) == 1 ? __builtin_amdgcn_workgroup_size_y() : __builtin_amdgcn_workgroup_size_z())
#define ids_grid(d) ((d) == 0 ? __builtin_amdgcn_grid_size_x() : (d) == 1 ? __builtin_amdgcn_grid_size_y() : __builtin_amdgcn_grid_size_z())
#define get_local_id(d) ids_id(d)
#define get_group_id(d) ids_group(d)
#define get_local_size(d) ids_size(d)
#define get_global_size(d) ids_grid(d)
#define get_num_groups(d) (ids_grid(d) / ids_size(d))
#define get_global_offset(d) 0
#define get_work_dim() 3
#define get_global_id(d) (ids_group(d) * ids_size(d) + ids_id(d))
#define get_global_linear_id() ((get_global_id(2) * ids_grid(1) + get_global_id(1)) * ids_grid(0) + get_global_id(0))
#define barrier(f) (__builtin_amdgcn_fence(__ATOMIC_SEQ_CST, "workgroup"), __builtin_amdgcn_s_barrier())
#define fma(a, b, c) __builtin_fmaf(a, b, c)
#define atomic_add(p, v) __atomic_fetch_add(p, v, __ATOMIC_RELAXED)
#define atomic_sub(p, v) __atomic_fetch_sub(p, v, __ATOMIC_RELAXED)
#define atomic_inc(p) __atomic_fetch_add(p, 1, __ATOMIC_RELAXED)
#define atomic_dec(p) __atomic_fetch_sub(p, 1, __ATOMIC_RELAXED)
#define atomic_and(p, v) __atomic_fetch_and(p, v, __ATOMIC_RELAXED)
#define atomic_or(p, v) __atomic_fetch_or(p, v, __ATOMIC_RELAXED)
#define atomic_xor(p, v) __atomic_fetch_xor(p, v, __ATOMIC_RELAXED)
#define atomic_min(p, v) __atomic_fetch_min(p, v, __ATOMIC_RELAXED)
#define atomic_max(p, v) __atomic_fetch_max(p, v, __ATOMIC_RELAXED)
#define atomic_xchg(p, v) __atomic_exchange_n(p, v, __ATOMIC_RELAXED)
#define atomic_cmpxchg(p, c, v) \
    ({ \
        int ids_old = (c); \
        __atomic_compare_exchange_n(p, &ids_old, v, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED); \
        ids_old; \
    })
#define convert_float4(x) __builtin_convertvector(x, float4)
#define convert_int4(x) __builtin_convertvector(x, int4)
#define atom_max(p, v) __atomic_fetch_max(p, v, __ATOMIC_RELAXED)
#define atom_min(p, v) __atomic_fetch_min(p, v, __ATOMIC_RELAXED)
#define atom_add(p, v) __atomic_fetch_add(p, v, __ATOMIC_RELAXED)
