// A few instructions of every format, picked from isa/tests/data/vectors.tsv, for `bench asm`.
	s_mov_b32 s64, s16
	s_bitreplicate_b64_b32 s[36:37], s92
	s_nand_saveexec_b64 s[28:29], s[44:45]
	s_movrels_b64 s[84:85], s[0:1]
	s_cmp_ge_u32 s48, s72
	s_nop 0xc2
	s_add_u32 s4, exec_lo, vcc_lo
	s_add_i32 s48, s56, -1
	s_addc_u32 s0, s60, s32
	s_absdiff_i32 s24, -1, s32
	s_lshl_b64 s[44:45], s[76:77], s24
	s_lshr_b64 s[64:65], 4.0, s56
	s_ashr_i64 s[24:25], 2.0, 1.0
	s_lshl3_add_u32 s68, s52, vcc_lo
	s_min_i32 s24, s84, s32
	s_max_i32 s84, s28, s24
	s_and_b32 s36, 2.0, s64
	s_or_b64 s[64:65], 1, s[72:73]
	s_xor_b64 s[0:1], -16, s[8:9]
	s_nand_b64 s[84:85], s[68:69], 0.5
	s_xnor_b32 s36, s4, s48
	s_and_not1_b32 s40, s40, s28
	s_or_not1_b32 s36, s28, s76
	s_bfe_u32 s64, s48, s20
	s_bfe_u64 s[80:81], s[24:25], 0x581f3940
	s_bfm_b32 s52, s32, -4.0
	s_mul_i32 s52, 64, s0
	s_cselect_b32 s12, s4, s12
	s_cselect_b32 s8, s36, -4.0
	s_cselect_b64 s[56:57], exec, s[80:81]
	s_pack_ll_b32_b16 s24, s36, s24
	s_pack_lh_b32_b16 s0, src_scc, 2
	s_pack_hh_b32_b16 s44, 0x846d7850, s76
	s_pack_hl_b32_b16 s8, s60, s20
	s_movk_i32 s92, 0x972d
	s_cmovk_i32 s72, 0x2814
	s_cmpk_lg_i32 s76, 0x6488
	s_cmpk_ge_i32 null, 0xfbc9
	s_cmpk_eq_u32 null, 0x6537
	s_cmpk_gt_u32 s0, 0x9943
	s_cmpk_lt_u32 null, 0x2037
	s_load_b32 s20, s[88:89], vcc_lo offset:-0x60cc9 glc
	s_load_b64 s[8:9], s[0:1], -0xcf6f4
	s_load_b256 s[72:79], s[12:13], m0 offset:0x19c07 glc
	s_load_b512 s[68:83], s[96:97], vcc_lo offset:-0xe1b62
	s_buffer_load_b128 s[28:31], s[0:3], m0 offset:0xe31df glc dlc
	s_buffer_load_b256 s[68:75], s[8:11], s5 offset:0xe2c1d glc
	s_gl1_inv
	v_nop
	v_readfirstlane_b32 s80, v68
	v_readfirstlane_b32 s33, v112
	v_pipeflush
	v_pipeflush
	v_swap_b32 v48, v199
	v_permlane64_b32 v111, v207
	v_mov_b32_dpp v224, v9 dpp8:[7,4,1,3,5,2,1,4] fi:1
	v_rcp_f32_dpp v46, v98 dpp8:[7,1,2,6,1,4,7,3] fi:1
	v_cos_f32_dpp v224, v157 dpp8:[1,6,7,6,6,1,2,7]
	v_movrels_b32_dpp v194, v107 dpp8:[2,4,4,0,7,1,3,2]
	v_cvt_f16_u16_dpp v93, v113 dpp8:[1,4,5,0,3,2,5,4] fi:1
	v_sqrt_f16_dpp v40, v34 dpp8:[7,2,6,0,5,1,5,2] fi:1
	v_frexp_mant_f16_dpp v84, v19 dpp8:[5,1,5,3,6,2,5,4] fi:1
	v_cvt_i32_f64_e32 v183, v[135:136]
	v_sqrt_f32_e32 v221, v47
	v_cmp_lg_f16_e32 vcc_lo, 64, v111
	v_cmp_u_f64_e32 vcc_lo, v[182:183], v[111:112]
	v_cmp_le_i64_e32 vcc_lo, v[203:204], v[215:216]
	v_cmpx_lg_f32_e32 v38, v129
	v_cmpx_le_u16_e32 s16, v5
	v_cvt_i32_i16_e32 v13, 0xbc00
	v_cmp_u_f32_e32 vcc_lo, 0x40de47db, v56
	v_cmp_ge_i16_e32 vcc_lo, 0x4000, v75
	v_cmpx_lt_u16_e32 0x3800, v28
	v_cmpx_ne_u16_e32 0x3118, v96
	v_cmpx_lt_u64_e32 0xf6448231, v[243:244]
	v_cndmask_b32_dpp v174, |v190|, v143, vcc_lo row_shl:1 row_mask:0x0 bank_mask:0x4
	v_cndmask_b32_dpp v201, |v88|, |v59|, vcc_lo row_ror:3 row_mask:0x0 bank_mask:0x6
	v_subrev_f32_dpp v68, v159, -|v197| row_xmask:15 row_mask:0x2 bank_mask:0x9 fi:1
	v_add_f16_dpp v53, v18, -v126 quad_perm:[3,2,1,0] row_mask:0x9 bank_mask:0x9
	v_subrev_f16_dpp v75, -v122, -v89 row_mirror row_mask:0xd bank_mask:0xb bound_ctrl:1
	v_fmac_f16_dpp v82, |v105|, |v106| row_ror:3 row_mask:0x6 bank_mask:0x8
	v_dot2acc_f32_f16 v3, 0, v205
	v_dot2acc_f32_f16 v44, v222, v222
	v_pk_fmac_f16 v75, v239, v153
	v_add_f32_dpp v11, v179, v37 dpp8:[5,2,1,6,1,6,6,7]
	v_subrev_f32_dpp v67, v42, v12 dpp8:[0,2,2,3,6,1,7,3]
	v_mul_f32_dpp v205, v157, v122 dpp8:[6,5,4,7,4,7,2,6] fi:1
	v_lshlrev_b32_dpp v13, v237, v19 dpp8:[7,0,1,7,7,7,3,7] fi:1
	v_fmac_f32_dpp v113, v94, v53 dpp8:[3,0,2,2,7,2,6,6] fi:1
	v_fmac_f32_dpp v253, v190, v240 dpp8:[2,3,3,1,3,1,7,3]
	v_add_f16_dpp v44, v34, v122 dpp8:[7,3,7,3,4,6,4,2]
	v_add_f32_e32 v58, 0.5, v95
	v_mul_i32_i24_e32 v224, 0.5, v169
	v_min_f32_e32 v108, v145, v53
	v_min_u32_e32 v75, v212, v168
	v_and_b32_e32 v228, 2, v67
	v_add_co_ci_u32_e32 v112, vcc_lo, v43, v120, vcc_lo
	v_subrev_nc_u32_e32 v237, 12, v107
	v_fmamk_f32 v116, v205, 0xab8d7698, v69
	v_fmamk_f32 v84, v165, 0x31a3639b, v134
	v_fmaak_f32 v24, src_scc, v98, 0xaabc6e04
	v_fmamk_f16 v68, v42, 0xefd1, v108
	v_fmaak_f16 v16, v121, v61, 0xf92a
	v_fmaak_f16 v105, v79, v127, 0xdd84
	v_cvt_pk_rtz_f16_f32_e32 v48, 0xf9407732, v78
	v_cmp_f_f16 vcc_lo, -v43, v30 row_shr:2 row_mask:0xc bank_mask:0xf
	v_cmp_nle_f16 vcc_lo, -v43, -v90 row_shl:1 row_mask:0xd bank_mask:0x0 bound_ctrl:1 fi:1
	v_cmp_ge_f32 vcc_lo, -|v20|, v15 row_shl:1 row_mask:0x0 bank_mask:0x2 bound_ctrl:1
	v_cmp_neq_f32 vcc_lo, |v191|, v235 row_mirror row_mask:0x9 bank_mask:0xf
	v_cmp_neq_f32 vcc_lo, -|v138|, v29 row_share:5 row_mask:0x9 bank_mask:0x5 fi:1
	v_cmpx_nge_f32 -|v164|, -|v86| row_half_mirror row_mask:0x6 bank_mask:0xa fi:1
	v_cmpx_nlg_f32 -|v175|, -|v223| quad_perm:[0,1,2,3] row_mask:0x5 bank_mask:0x4 bound_ctrl:1
	v_cmp_f_f16 vcc_lo, v63, v3 dpp8:[2,5,4,4,7,6,0,7] fi:1
	v_cmp_lt_i16 vcc_lo, v107, v126 dpp8:[6,2,7,5,2,3,2,2]
	v_cmp_le_i32 vcc_lo, v180, v95 dpp8:[0,2,5,3,5,5,6,5] fi:1
	v_cmp_gt_u32 vcc_lo, v47, v170 dpp8:[7,3,1,2,4,0,3,6]
	v_cmpx_nle_f16 v57, v61 dpp8:[7,4,6,0,4,0,6,2]
	v_cmpx_ngt_f32 v216, v182 dpp8:[5,2,2,5,0,3,7,1]
	v_cmpx_ne_i32 v186, v16 dpp8:[3,6,2,3,1,4,6,3]
	v_cmp_f_f16_e64 s80, v45, neg(-1) clamp
	v_cmp_ge_f64_e64 s40, |v[136:137]|, v[27:28] clamp
	v_cmp_eq_i64_e64 s48, v[97:98], s[80:81]
	v_cmpx_ge_f32_e64 exec_lo, v12
	v_cmpx_t_i32_e64 v50, v192
	v_or_b32_e64 v147, src_scc, v18
	v_floor_f32_e64 v202, -v163
	v_cmp_eq_f16_e64_dpp s12, v147, v62 row_shl:1 row_mask:0x9 bank_mask:0x1 bound_ctrl:1 fi:1
	v_cmp_t_u32_e64_dpp s88, v166, v15 row_mirror row_mask:0x7 bank_mask:0x4 bound_ctrl:1 fi:1
	v_cmpx_ge_u16_e64_dpp v97, v38 dpp8:[6,5,0,4,3,6,0,3]
	v_sub_nc_u32_e64_dpp v228, v252, v114 row_shl:1 row_mask:0x9 bank_mask:0x7 fi:1
	v_rcp_iflag_f32_e64_dpp v222, -v68 div:2 dpp8:[5,3,7,3,6,6,2,3]
	v_cvt_i32_i16_e64_dpp v32, v152 quad_perm:[0,1,2,3] row_mask:0x1 bank_mask:0x6 bound_ctrl:1 fi:1
	v_lshl_or_b32_e64_dpp v87, v192, v41, v184 dpp8:[6,2,3,0,5,4,6,3]
	v_cmp_ge_u16_e64 s96, 0xb800, v23
	v_cmpx_ge_i64_e64 s[40:41], 0x7ae66d04
	v_mul_hi_u32_u24_e64 v126, 1, 0x64e12fa1
	v_min_f32_e64 v32, |v102|, |0x68a789ef|
	v_fma_dx9_zero_f32 v201, v81, s4, -v127 mul:4
	v_min3_u32 v67, v83, v51, v93
	v_div_fmas_f64 v[21:22], v[212:213], s[52:53], -v[6:7] div:2
	v_div_fixup_f16 v218, -v192, -v42, v1 mul:2
	v_div_scale_f64 v[23:24], s92, -v[4:5], -v[122:123], -v[228:229]
	v_cvt_pk_norm_i16_f16 v70, v121, s72
	v_mul_lo_u32 v3, v61, -1.0
	v_alignbyte_b32 v116, v182, v213, 0x1acda883
	v_med3_u16 v118, v149, 0x4400, v52
	v_permlanex16_b32 v167, v29, 0x22595824, s64
	v_mul_lo_u16 v31, 0xc000, v167
	v_max_u16 v159, v29, 0xbc00
	v_xor_b16 v112, 0xbc00, v1
	v_pk_mad_i16 v201, v166, s56, v199 op_sel_hi:[0,0,0]
	v_pk_max_i16 v12, v203, 12
	v_pk_fma_f16 v93, v148, s72, 2
	v_dot2_f32_f16 v253, -16, v168, 0.15915494 op_sel_hi:[1,0,0] neg_lo:[0,1,1]
	v_dot2_f32_bf16 v64, 2.0, v170, v194 op_sel:[0,1,1] neg_hi:[1,1,1] clamp
	v_wmma_f32_16x16x16_bf16 v[10:17], v[47:54], v[185:192], v[198:205]
	v_interp_p2_f32 v126, -v142, -v139, v2 clamp wait_exp:6
	v_pk_add_i16 v104, v111, 0x9648ac71
	v_pk_sub_i16 v54, 0.15915494, 0xf95ed893 neg_lo:[1,0]
	v_pk_lshlrev_b16 v235, v232, 0x2ed68e29 op_sel_hi:[0,0]
	v_dual_fmac_f32 v71, v193, v219 :: v_dual_add_f32 v244, 2.0, v0
	v_dual_sub_f32 v213, v71, v207 :: v_dual_subrev_f32 v4, 1.0, v0
	v_dual_cndmask_b32 v208, v205, v144 :: v_dual_cndmask_b32 v153, s0, v123
	v_dual_dot2acc_f32_f16 v75, v24, v89 :: v_dual_sub_f32 v248, v201, v212
	v_dual_sub_f32 v111, s24, v0 :: v_dual_sub_f32 v178, v83, v3
	v_dual_sub_f32 v220, v193, v0 :: v_dual_mov_b32 v175, s52
	v_dual_add_f32 v201, s32, v73 :: v_dual_dot2acc_f32_f16 v242, v124, v246
	v_dual_fmaak_f32 v88, v165, v103, 0x2042 :: v_dual_add_f32 v125, v238, v124
	v_dual_fmaak_f32 v66, v61, v9, 0xd3bf6e25 :: v_dual_mul_f32 v163, v214, v0
	v_dual_fmamk_f32 v80, exec_lo, 0x5993, v98 :: v_dual_mul_f32 v111, v89, v0
	v_dual_fmamk_f32 v176, 1, 0x3970, v126 :: v_dual_fmac_f32 v227, 1, v0
	v_dual_max_f32 v100, v97, v117 :: v_dual_fmaak_f32 v87, 2, v38, 0x305adac3
	v_dual_fmac_f32 v74, s76, v182 :: v_dual_fmaak_f32 v225, v27, v133, 0x5ff4
	v_dual_sub_f32 v197, s76, v186 :: v_dual_fmamk_f32 v94, v142, 0x23bf, v0
	lds_param_load v82, attr3.z wait_vdst:11
	lds_param_load v219, attr9.z wait_vdst:13
	lds_direct_load v104 wait_vdst:9
	lds_direct_load v49 wait_vdst:7
	ds_add_u32 v32, v130 offset:8073
	ds_cmpstore_f32 v232, v58, v119
	ds_min_rtn_u32 v189, v165, v244
	ds_load_2addr_stride64_b32 v[209:210], v115
	ds_xor_b64 v39, v[233:234]
	ds_max_rtn_u64 v[216:217], v253, v[86:87] offset:11551
	ds_sub_gs_reg_rtn v[62:63], v146 offset:50887 gds
	buffer_load_format_x v202, v229, s[68:71], 0.15915494 offen offset:164
	buffer_load_d16_format_xyzw v[149:150], off, s[36:39], exec_lo offset:332 glc dlc
	buffer_load_b96 v[140:142], v143, s[72:75], null idxen offset:1936 slc dlc
	buffer_load_d16_hi_u8 v108, v208, s[80:83], 0.15915494 idxen offset:2897 glc slc
	buffer_load_lds_i16 off, s[0:3], s0
	buffer_atomic_max_u32 v75, v[120:121], s[88:91], null idxen offen offset:1338 glc dlc
	buffer_atomic_min_u64 v[214:215], v[201:202], s[40:43], -1 idxen offen offset:2248 glc slc dlc
	tbuffer_load_format_x v168, v219, s[76:79], 2.0 format:112 offen offset:2258
	tbuffer_load_format_xyz v[113:115], off, s[44:47], -0.5 format:[BUF_FMT_2_10_10_10_SSCALED] offset:548
	tbuffer_store_format_x v155, off, s[84:87], exec_lo format:[BUF_FMT_8_SNORM] offset:3667 glc slc
	tbuffer_store_format_xyz v[74:76], v[84:85], s[48:51], -0.5 format:101 idxen offen offset:2710
	tbuffer_load_d16_format_xy v44, v218, s[96:99], 2.0 format:[BUF_FMT_32_32_32_32_SINT] offen offset:1954 slc dlc
	tbuffer_load_d16_format_xyzw v[69:70], v226, s[12:15], vcc_lo format:73 idxen offset:912
	tbuffer_store_d16_format_xy v24, v221, s[28:31], 1.0 format:127 idxen offset:1947 dlc
	flat_load_u8 v213, v[105:106] offset:1782 slc
	flat_load_b128 v[12:15], v[224:225] offset:2266 dlc
	flat_load_d16_u8 v168, v[214:215] offset:2406 glc dlc
	flat_atomic_swap_b32 v[0:1], v149 offset:3843 dlc
	flat_atomic_max_u32 v[164:165], v221 offset:3063 slc dlc
	flat_atomic_add_u64 v[19:20], v[169:170], v[88:89] offset:760 glc slc dlc
	flat_atomic_or_b64 v[22:23], v[134:135] offset:2813
	scratch_load_u8 v68, off, s88 offset:-1771 slc dlc
	scratch_load_i16 v250, off, s84 offset:2510 slc dlc
	scratch_load_b96 v[81:83], off, s44 offset:16 slc
	scratch_store_b16 off, v238, off offset:663 glc slc dlc
	scratch_store_b96 v25, v[170:172], s68 offset:39 glc dlc
	scratch_load_d16_i8 v42, off, s70 offset:-3306 glc slc dlc
	scratch_load_d16_hi_i8 v223, v49, off offset:2507 dlc
	global_load_u8 v227, v6, s[56:57] offset:2093 glc
	global_load_b128 v[213:216], v216, s[92:93] offset:985 glc dlc
	global_load_d16_i8 v77, v[28:29], off offset:-1323 glc
	global_store_addtid_b32 v255, s[52:53] offset:1848
	global_atomic_max_i32 v184, v[192:193], v1, off offset:-2032 glc slc dlc
	global_atomic_cmpswap_b64 v[139:140], v[38:39], v[182:185], off offset:-1573 glc slc dlc
	global_atomic_or_b64 v77, v[172:173], s[46:47] offset:-913 slc
	exp dual_src_blend1 off, v172, off, v223 done
	exp pos0 off, v115, off, off row_en
	image_load v143, [v76, v141, v91, v212], s[0:7] dmask:0x8 dim:SQ_RSRC_IMG_2D_MSAA_ARRAY unorm slc dlc
	image_atomic_add v136, [v51, v140], s[0:7] dmask:0x1 dim:SQ_RSRC_IMG_2D_ARRAY glc slc r128 a16
	image_sample_b v194, [v253, v71, v238], s[72:79], s[96:99] dmask:0x8 dim:SQ_RSRC_IMG_2D unorm glc slc r128
	image_sample_c_o v[34:35], [v30, v43, v193], s[24:31], s[32:35] dmask:0x7 dim:SQ_RSRC_IMG_2D glc dlc r128 a16 d16
	image_gather4_c_lz_o v[6:7], [v253, v206, v245, v232], s[32:39], s[44:47] dmask:0x8 dim:SQ_RSRC_IMG_3D dlc a16 d16
	image_sample_c_cl v159, [v191, v118, v230, v228], s[16:23], s[88:91] dmask:0x4 dim:SQ_RSRC_IMG_2D_MSAA_ARRAY unorm glc slc dlc r128 a16 d16
	image_sample_d_cl_o_g16 v[165:167], [v230, v168, v212, v90, v[45:46]], s[64:71], s[48:51] dmask:0x7 dim:SQ_RSRC_IMG_1D_ARRAY unorm slc dlc
	image_load_mip v[138:141], v[24:25], s[88:95] dmask:0xf dim:SQ_RSRC_IMG_CUBE slc r128 a16
	image_atomic_cmpswap v[146:149], v[167:169], s[64:71] dmask:0xf dim:SQ_RSRC_IMG_2D_MSAA glc slc dlc r128
	image_atomic_inc v199, v167, s[64:71] dmask:0x1 dim:SQ_RSRC_IMG_2D unorm dlc r128 a16
	image_sample_c_l v[13:14], v[82:84], s[56:63], s[40:43] dmask:0x7 dim:SQ_RSRC_IMG_2D unorm a16 d16
	image_sample_c_b_o v[35:36], v[5:9], s[32:39], s[36:39] dmask:0xf dim:SQ_RSRC_IMG_2D slc dlc d16
	image_sample_c_d_g16 v84, v[225:229], s[8:15], s[88:91] dmask:0x3 dim:SQ_RSRC_IMG_2D unorm glc slc r128 d16
	image_sample_c_d_cl_o v42, v[92:100], s[40:47], s[56:59] dmask:0x2 dim:SQ_RSRC_IMG_2D slc dlc
