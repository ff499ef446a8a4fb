// Where texels of swizzled images lie on gfx11 cards, as AMD's address library says: a line a surface.
//
//   addresses CASES SEED
//
// GB_ADDR_CONFIG, dimensions (1 to 3), swizzle mode, bytes of a texel, samples, width, height, depth or slices, levels, and
// the low bits of the base address that choose pipe and bank, all but the first and the last in decimal; then six texels,
// each x,y,z,fragment,level=offset. Built by addresses.sh against Mesa's copy of the library, without debug code.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "addrinterface.h"

namespace {

// xorshift64*, so that a seed gives the same lines everywhere.
uint64_t state;
uint32_t below(uint32_t n)
{
   state ^= state >> 12;
   state ^= state << 25;
   state ^= state >> 27;
   return uint32_t((state * 0x2545f4914f6cdd1dull) >> 33) % n;
}

// From 1 to `most`, small numbers as often as large ones.
uint32_t size(uint32_t most)
{
   uint32_t bits = 0;
   while ((2u << bits) <= most)
      bits++;
   uint32_t n = 1u << below(bits + 1);
   n += below(n + 1);
   return n < most ? n : most;
}

void *ADDR_API allocate(const ADDR_ALLOCSYSMEM_INPUT *in) { return malloc(in->sizeInBytes); }
ADDR_E_RETURNCODE ADDR_API release(const ADDR_FREESYSMEM_INPUT *in)
{
   free(in->pVirtAddr);
   return ADDR_OK;
}

// GB_ADDR_CONFIG, family and revision of Navi31, Navi32, Navi33 and Phoenix.
const struct {
   uint32_t config, family, revision;
} cards[] = {{0x545, 145, 0x01}, {0x444, 145, 0x20}, {0x343, 145, 0x10}, {0x242, 148, 0x01}};

// Modes with the dimensions and samples that gfx11 has them for.
struct Kind {
   AddrSwizzleMode mode;
   uint32_t dimensions, samples;
};

std::vector<Kind> kinds()
{
   std::vector<Kind> all;
   for (auto mode : {ADDR_SW_256B_D, ADDR_SW_4KB_D, ADDR_SW_64KB_D, ADDR_SW_64KB_D_T, ADDR_SW_4KB_D_X, ADDR_SW_64KB_D_X,
                     ADDR_SW_256KB_D_X})
      all.push_back({mode, 2, 1});
   for (auto mode : {ADDR_SW_64KB_Z_X, ADDR_SW_64KB_R_X, ADDR_SW_256KB_Z_X, ADDR_SW_256KB_R_X}) {
      for (uint32_t samples : {1, 2, 4, 8})
         all.push_back({mode, 2, samples});
      all.push_back({mode, 3, 1});
   }
   for (auto mode : {ADDR_SW_64KB_Z_X, ADDR_SW_64KB_R_X})
      all.push_back({mode, 1, 1});
   for (auto mode : {ADDR_SW_4KB_S, ADDR_SW_64KB_S, ADDR_SW_64KB_S_T, ADDR_SW_4KB_S_X, ADDR_SW_64KB_S_X, ADDR_SW_64KB_D_X,
                     ADDR_SW_256KB_S_X})
      all.push_back({mode, 3, 1});
   return all;
}

// The offset by a copy out of a surface that holds its own offsets: for texels of 8 and 16 bytes, in modes for which the
// library has a pattern but no equation.
bool by_copy(ADDR_HANDLE library, const ADDR2_COMPUTE_SURFACE_ADDRFROMCOORD_INPUT &in, uint64_t *offset)
{
   ADDR2_COMPUTE_SURFACE_INFO_INPUT what = {};
   ADDR2_COMPUTE_SURFACE_INFO_OUTPUT info = {};
   ADDR2_MIP_INFO mips[17] = {};
   what.size = sizeof what;
   info.size = sizeof info;
   info.pMipInfo = mips;
   what.swizzleMode = in.swizzleMode;
   what.resourceType = in.resourceType;
   what.flags = in.flags;
   what.bpp = in.bpp;
   what.format = in.bpp == 64 ? ADDR_FMT_32_32 : ADDR_FMT_32_32_32_32;
   what.width = in.unalignedWidth;
   what.height = in.unalignedHeight;
   what.numSlices = in.numSlices;
   what.numMipLevels = in.numMipLevels;
   what.numSamples = what.numFrags = 1;
   if (Addr2ComputeSurfaceInfo(library, &what, &info) != ADDR_OK)
      return false;
   std::vector<uint64_t> surface(info.surfSize / 8);
   for (size_t k = 0; k < surface.size(); k++)
      surface[k] = 8 * k;
   uint64_t texel[2] = {};
   ADDR2_COPY_MEMSURFACE_INPUT copy = {};
   copy.size = sizeof copy;
   copy.swizzleMode = in.swizzleMode;
   copy.format = what.format;
   copy.flags = in.flags;
   copy.resourceType = in.resourceType;
   copy.bpp = in.bpp;
   copy.unAlignedDims = {in.unalignedWidth, in.unalignedHeight, in.numSlices};
   copy.numMipLevels = in.numMipLevels;
   copy.numSamples = 1;
   copy.pMappedSurface = surface.data();
   ADDR2_COPY_MEMSURFACE_REGION region = {};
   region.size = sizeof region;
   region.x = in.x;
   region.y = in.y;
   region.slice = in.slice;
   region.mipId = in.mipId;
   region.copyDims = {1, 1, 1};
   region.pMem = texel;
   region.memRowPitch = region.memSlicePitch = sizeof texel;
   if (Addr2CopySurfaceToMem(library, &copy, &region, 1) != ADDR_OK)
      return false;
   *offset = texel[0];
   return true;
}

} // namespace

int main(int argc, char **argv)
{
   if (argc != 3)
      return 2;
   const uint32_t cases = uint32_t(atoi(argv[1]));
   state = strtoull(argv[2], nullptr, 0) | 1;
   ADDR_HANDLE libraries[4];
   for (int k = 0; k < 4; k++) {
      ADDR_CREATE_INPUT in = {};
      ADDR_CREATE_OUTPUT out = {};
      in.size = sizeof in;
      out.size = sizeof out;
      // CIASICIDGFXENGINE_ARCTICISLAND: the second generation of the library.
      in.chipEngine = 0xd;
      in.chipFamily = cards[k].family;
      in.chipRevision = cards[k].revision;
      in.callbacks.allocSysMem = allocate;
      in.callbacks.freeSysMem = release;
      in.regValue.gbAddrConfig = cards[k].config;
      if (AddrCreate(&in, &out) != ADDR_OK) {
         fprintf(stderr, "no library for GB_ADDR_CONFIG %#x\n", cards[k].config);
         return 1;
      }
      libraries[k] = out.hLib;
   }
   const auto all = kinds();
   for (uint32_t number = 0; number < cases; number++) {
      // Every mode and size of texel in turn, the cards by chance, Navi31 most often.
      const Kind &kind = all[number % all.size()];
      const uint32_t bytes = 1u << (number / all.size()) % 5;
      const uint32_t draw = below(6), card = draw < 3 ? 0 : draw - 2;
      ADDR2_COMPUTE_SURFACE_ADDRFROMCOORD_INPUT in = {};
      in.size = sizeof in;
      in.swizzleMode = kind.mode;
      in.resourceType = kind.dimensions == 1   ? ADDR_RSRC_TEX_1D
                        : kind.dimensions == 2 ? ADDR_RSRC_TEX_2D
                                               : ADDR_RSRC_TEX_3D;
      in.flags.texture = 1;
      in.bpp = 8 * bytes;
      const uint32_t most = kind.dimensions == 3 ? 200 : 2500;
      in.unalignedWidth = size(most);
      in.unalignedHeight = kind.dimensions == 1 ? 1 : size(most);
      in.numSlices = size(kind.dimensions == 3 ? 200 : 40);
      in.numSamples = in.numFrags = kind.samples;
      uint32_t largest = in.unalignedWidth > in.unalignedHeight ? in.unalignedWidth : in.unalignedHeight, levels = 1;
      if (kind.dimensions == 3 && in.numSlices > largest)
         largest = in.numSlices;
      while (largest >> levels)
         levels++;
      in.numMipLevels = kind.samples > 1 || below(3) == 0 ? 1 : 1 + below(levels);
      const bool copied = kind.dimensions == 3 && kind.mode == ADDR_SW_64KB_D_X && bytes >= 8;
      // Bits of the base address: those that choose a pipe, and above two more those that choose a bank.
      const uint32_t pipes = cards[card].config & 7;
      const uint32_t block = kind.mode >= ADDR_SW_256KB_Z_X                                 ? 18
                             : kind.mode == ADDR_SW_4KB_S_X || kind.mode == ADDR_SW_4KB_D_X ? 12
                                                                                            : 16;
      const bool spreads = kind.mode >= ADDR_SW_4KB_S_X;
      const uint32_t banks = block > 8 + pipes + 2 ? (block - 10 - pipes < 4 ? block - 10 - pipes : 4) : 0;
      if (spreads && !copied && below(2))
         in.pipeBankXor = (below(1u << pipes) | below(1u << banks) << (pipes + 2)) & ((1u << (block - 8)) - 1);
      char line[1024];
      int at = snprintf(line, sizeof line, "%#x %u %u %u %u %u %u %u %u %#x", cards[card].config, kind.dimensions, kind.mode,
                        bytes, kind.samples, in.unalignedWidth, in.unalignedHeight, in.numSlices, in.numMipLevels,
                        in.pipeBankXor << 8);
      for (int point = 0; point < 6; point++) {
         // The last texel of the first level, then any.
         in.mipId = point ? below(in.numMipLevels) : 0;
         auto extent = [&](uint32_t n) { return n >> in.mipId ? n >> in.mipId : 1; };
         const uint32_t depth = kind.dimensions == 3 ? extent(in.numSlices) : in.numSlices;
         auto choose = [&](uint32_t n) { return point ? below(n) : n - 1; };
         in.x = choose(extent(in.unalignedWidth));
         in.y = choose(extent(in.unalignedHeight));
         in.slice = choose(depth);
         in.sample = choose(kind.samples);
         uint64_t offset = 0;
         if (copied) {
            if (!by_copy(libraries[card], in, &offset)) {
               fprintf(stderr, "no copy: %s\n", line);
               return 1;
            }
         } else {
            ADDR2_COMPUTE_SURFACE_ADDRFROMCOORD_OUTPUT out = {};
            out.size = sizeof out;
            if (Addr2ComputeSurfaceAddrFromCoord(libraries[card], &in, &out) != ADDR_OK) {
               fprintf(stderr, "no address: %s\n", line);
               return 1;
            }
            offset = out.addr;
         }
         at += snprintf(line + at, sizeof line - at, " %u,%u,%u,%u,%u=%llx", in.x, in.y, in.slice, in.sample, in.mipId,
                        (unsigned long long)offset);
      }
      puts(line);
   }
   return 0;
}
