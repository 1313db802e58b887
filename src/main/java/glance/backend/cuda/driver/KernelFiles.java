package glance.backend.cuda.driver;

import glance.api.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The files of the folder kernels, which are resources of the jar. */
public final class KernelFiles {
    private static final String FOLDER = "/glance/kernels/";

    /** Names of the kernel files, without suffix; each is one module. */
    public static final List<String> KERNELS =
            List.of(
                    "attention",
                    "attention_grad",
                    "attention_grad_mma",
                    "attention_grad_wgmma",
                    "attention_mma",
                    "attention_wgmma",
                    "attention_wide",
                    "conv2d",
                    "conv2d_mma",
                    "copy",
                    "epilogue",
                    "expand",
                    "gradients",
                    "group_norm",
                    "guided_euler",
                    "head_norm_rope",
                    "linear",
                    "linear_blocks",
                    "linear_few",
                    "linear_mma",
                    "linear_narrow",
                    "linear_narrow_wgmma",
                    "linear_w8a8",
                    "linear_w8a8_wgmma",
                    "linear_wgmma",
                    "lookup",
                    "low_rank_grad_mma",
                    "norm",
                    "norm_grad",
                    "optimizer",
                    "pack",
                    "pointwise",
                    "product",
                    "rotate",
                    "sums",
                    "upsample");

    private static final List<String> INCLUDES =
            List.of(
                    "include/activation.cuh",
                    "include/async_copy.cuh",
                    "include/attention_grad.cuh",
                    "include/attention_mask.cuh",
                    "include/attention_scores.cuh",
                    "include/attention_softmax.cuh",
                    "include/attention_tile.cuh",
                    "include/attention_wgmma.cuh",
                    "include/barrier.cuh",
                    "include/block_operands.cuh",
                    "include/bulk_copy.cuh",
                    "include/chunk.cuh",
                    "include/cluster.cuh",
                    "include/dtypes.cuh",
                    "include/e4m3_tile.cuh",
                    "include/epilogue.cuh",
                    "include/epilogue_chunks.cuh",
                    "include/fast_exp2.cuh",
                    "include/few_formats.cuh",
                    "include/flags.cuh",
                    "include/glance.cuh",
                    "include/hopper.cuh",
                    "include/layout.cuh",
                    "include/mma.cuh",
                    "include/mma_side.cuh",
                    "include/mma_slice.cuh",
                    "include/mma_tile.cuh",
                    "include/narrow.cuh",
                    "include/narrow_tile.cuh",
                    "include/narrow_wgmma.cuh",
                    "include/own_rows.cuh",
                    "include/quantised.cuh",
                    "include/reduce.cuh",
                    "include/rounded_rows.cuh",
                    "include/shares.cuh",
                    "include/tile.cuh",
                    "include/wgmma.cuh",
                    "include/wgmma_low.cuh",
                    "include/wgmma_product.cuh",
                    "include/wgmma_results.cuh",
                    "include/wgmma_tiles.cuh");

    private static final List<String> EMULATOR =
            List.of(
                    "emulator/abroad.cpp",
                    "emulator/abroad.h",
                    "emulator/accesses.cpp",
                    "emulator/async_copies.cpp",
                    "emulator/barriers.cpp",
                    "emulator/barriers.h",
                    "emulator/blocks.h",
                    "emulator/bulk_copies.cpp",
                    "emulator/bulk_copies.h",
                    "emulator/clocks.cpp",
                    "emulator/clocks.h",
                    "emulator/clusters.cpp",
                    "emulator/clusters.h",
                    "emulator/cuda_builtins.h",
                    "emulator/emulator.h",
                    "emulator/failures.cpp",
                    "emulator/fibers.cpp",
                    "emulator/fibers.h",
                    "emulator/flags.cpp",
                    "emulator/flags.h",
                    "emulator/global_memory.cpp",
                    "emulator/global_races.cpp",
                    "emulator/global_races.h",
                    "emulator/grid.cpp",
                    "emulator/hopper.cpp",
                    "emulator/hopper.h",
                    "emulator/launch.cpp",
                    "emulator/libraries.cpp",
                    "emulator/library.h",
                    "emulator/named_barriers.cpp",
                    "emulator/races.cpp",
                    "emulator/races.h",
                    "emulator/readers.cpp",
                    "emulator/readers.h",
                    "emulator/scheduler.cpp",
                    "emulator/scheduler.h",
                    "emulator/shared_memory.cpp",
                    "emulator/small_floats.h",
                    "emulator/stalls.cpp",
                    "emulator/tensor_cores.cpp",
                    "emulator/tensor_cores.h",
                    "emulator/tensor_maps.cpp",
                    "emulator/tensor_maps.h",
                    "emulator/warpgroups.cpp",
                    "emulator/warps.cpp",
                    "emulator/wgmma.cpp",
                    "emulator/wgmma.h",
                    "emulator/wgmma_operands.cpp",
                    "emulator/wgmma_operands.h");

    private KernelFiles() {}

    /** Everything but the kernels that the emulator is compiled from. */
    static List<String> emulatorSources() {
        return Stream.concat(INCLUDES.stream(), EMULATOR.stream()).toList();
    }

    /** Kernel files of HOPPER_KERNELs: their machine code is for sm_90a alone, without PTX. */
    static final Set<String> FOR_HOPPER =
            Set.of(
                    "attention_grad_wgmma",
                    "attention_wgmma",
                    "linear_narrow_wgmma",
                    "linear_w8a8_wgmma",
                    "linear_wgmma");

    /** The machine code of a kernel file. */
    static byte[] fatbin(String name) throws IOException {
        return read("fatbin/" + name + ".fatbin");
    }

    /** The PTX text of a kernel file, which ends in a zero byte as the driver expects. */
    static ByteBuffer ptx(String name) throws IOException {
        byte[] text = read("fatbin/" + name + ".ptx");
        return ByteBuffer.allocateDirect(text.length + 1).put(text).put((byte) 0).flip();
    }

    /**
     * Bytes of the shared arrays of each kernel, as compiled for an architecture such as sm_90, or
     * for the one GPU of it that sm_90a is.
     */
    static Map<String, Integer> sharedBytes(String architecture) throws IOException {
        Map<String, Integer> shared = new HashMap<>();
        String text = new String(read("fatbin/resources.txt"), StandardCharsets.US_ASCII);
        for (String line : text.lines().toList()) {
            String[] words = line.split(" +");
            if (words[1].equals(architecture) || words[1].equals(architecture + "a")) {
                shared.put(words[0], Integer.valueOf(words[words.length - 1]));
            }
        }
        return shared;
    }

    /** The constants that kernel files export, by FILE/NAME, as the build found them in the PTX. */
    static Map<String, Integer> constants() throws IOException {
        Map<String, Integer> constants = new HashMap<>();
        String text = new String(read("fatbin/constants.txt"), StandardCharsets.US_ASCII);
        for (String line : text.lines().toList()) {
            String[] words = line.split(" ");
            constants.put(words[0] + "/" + words[1], Integer.valueOf(words[2]));
        }
        return constants;
    }

    /** The bytes of a file below the folder kernels. */
    static byte[] read(String name) throws IOException {
        try (InputStream stream = KernelFiles.class.getResourceAsStream(FOLDER + name)) {
            if (stream == null) {
                throw new DeviceException("the kernel file " + name + " is missing in the jar");
            }
            return stream.readAllBytes();
        }
    }
}
