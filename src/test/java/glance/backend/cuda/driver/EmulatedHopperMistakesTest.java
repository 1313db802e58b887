package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The emulator finds each planted mistake with Hopper's instructions, and only those. */
class EmulatedHopperMistakesTest {
    private static final int OUT_BYTES = 4 * 256;

    private PlantedKernels planted;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        planted = new PlantedKernels("planted_hopper", OUT_BYTES);
    }

    @AfterEach
    void close() {
        if (planted != null) {
            planted.close();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fetches_a_tile | 1",
                "copies_bytes | 1",
                "gives_through_a_barrier | 1",
                "halves_exchange | 1",
                "multiplies_what_threads_wrote | 16",
                "multiplies_a_fetched_tile | 16",
                "multiplies_bytes | 128.5", // 2 x 16 x 1.875^2 + 16: a 1 is the bytes 1.875 and -0
                "stores_a_tile | 0",
                "shares_registers | 0",
            })
    void correctKernel_runs(String kernel, float first) {
        launch(kernel);
        assertThat(planted.results().getFloat(0)).isEqualTo(first);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "forgets_to_make_a_barrier | uses a barrier that nobody has made",
                "forgets_the_init_fence | made without barrier_init_fence",
                "shows_a_barrier_to_nobody | uses a barrier that thread 0 has made, with no"
                        + " __syncthreads between",
                "reads_a_barrier | reads a barrier as if it were an array",
                "waits_for_arrivals_in_vain | no thread can go on: threads 0 to 127: has ended;"
                        + " threads 128 to 255: waits for parity 0 of a barrier at"
                        + " planted_hopper.cu:",
                "waits_for_arrivals_in_vain | whose phase 0 has 128 of 129 arrivals and misses 0",
                "tries_in_vain | whose phase 0 has 0 of 1 arrivals",
                "announces_more_than_it_copies | has 1 of 1 arrivals and misses 8192 bytes",
                "announces_less_than_it_copies | more bytes are copied than were announced",
                "waits_for_the_phase_before | reads shared memory that a bulk copy is on its way",
            })
    void mistakeWithBarriers_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "takes_without_waiting | race in shared memory: read of what was written",
                "writes_after_the_arrival | race in shared memory: read of what was written",
                "halves_read_each_other | race in shared memory: read of what was written",
                "arrives_and_reads | race in shared memory: read of what was written",
                "meets_for_different_counts | the named barrier 1 of 128 threads, for which"
                        + " another waits with 256",
                "meets_too_few | waits for the named barrier 3 at planted_hopper.cu:",
                "meets_too_few | where 64 of 128 threads came",
                "overwrites_what_wgmma_has_read | write over what was read by wgmma",
            })
    void mistakeWithOrder_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "forgets_the_proxy_fence | wgmma reads shared memory that thread 0 has written"
                        + " without fence_proxy_async",
                "fences_before_it_writes | a bulk store reads shared memory that thread 0 has"
                        + " written without fence_proxy_async",
                "fences_and_forgets_the_barrier | race in shared memory: read of what was written",
                "copies_over_what_threads_read | race in shared memory: copy over what was read",
            })
    void mistakeWithProxies_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "reads_before_the_wait | reads shared memory that a bulk copy is on its way to",
                "lets_another_wait | read of what was written by a bulk copy, whose barrier was not"
                        + " waited for",
                "leaves_a_copy_under_way | the block ends while bulk copies",
                "overwrites_what_a_store_reads | write over what was read by a bulk store, which"
                        + " may still be under way",
                "leaves_a_store_under_way | bulk_store_wait_read is missing",
                "copies_to_an_odd_place | which is not a multiple of 1024",
                "copies_past_the_end | bytes of global memory at offset 8192",
            })
    void mistakeWithBulkCopies_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "forgets_the_wgmma_fence | wgmma without a wgmma_fence before the first",
                "touches_sums_after_the_fence | wgmma with sums in registers that were touched",
                "reads_sums_before_the_wait | reads sums of wgmma before its group was waited for",
                "waits_for_a_group_too_few | reads sums of wgmma before its group was waited for",
                "scales_sums_and_forgets_the_fence | wgmma with sums in registers that were",
                "forgets_the_commit | reads sums of wgmma before its group was waited for",
                "forgets_wgmma_wait | ends before its products were waited for",
                "changes_a_before_the_wait | writes registers that wgmma reads A from",
                "overwrites_what_wgmma_reads | write over what was read by wgmma, which may still",
                "refills_what_wgmma_reads | copy over what was read by wgmma, which may still",
                "half_a_warpgroup_multiplies | its warpgroup at planted_hopper.cu:",
                "half_a_warpgroup_multiplies | where 64 threads of it came",
                "warps_multiply_different_tiles | threads 0 and 32 of a warpgroup issue different",
            })
    void mistakeWithWgmma_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "forgets_the_swizzle | of B has swizzle 0 and base offset 0",
                "names_the_stride_in_rows | of B has strides of 0 and 128 bytes",
                "begins_within_an_atom | of B begins at byte 128 of an atom of 1024 bytes",
                "advances_bytes_by_half_a_product | of A begins at byte 16 of an atom of 1024",
                "advances_out_of_its_field | of B has bits between its fields",
                "reads_past_the_tile | wgmma reads 16 bytes of shared memory that nobody",
            })
    void mistakeWithDescriptors_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "wants_more_registers_than_there_are | waits for 256 registers at"
                        + " planted_hopper.cu:",
                "lowers_to_more | lowers the registers of each thread from 24 to 32",
                "half_a_warp_elects | waits for lanes ffffffff",
                "copies_its_map | a tensor map has to be a parameter of the kernel",
                "takes_three_coordinates_of_two | a copy with 3 coordinates of a tensor of 2",
                "is_for_every_gpu | a named barrier is there on Hopper only",
            })
    void mistakeWithRegistersLanesAndParameters_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    @Test
    void bytesThatNoDriverMade_areNoMap() {
        TensorMap map = new TensorMap(Collections.nCopies(16, 1L));
        Arguments arguments = planted.arguments(new Arguments().tensorMap(map));
        assertThatThrownBy(() -> planted.launch("fetches_a_tile", 1, arguments))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("kernel planted_hopper/fetches_a_tile, block (0, 0, 0)")
                .hasMessageContaining("a tensor map that Driver.tensorMap has not made");
    }

    /** Arguments never place a map so. */
    @Test
    void mapAtAPlaceThatIsNotAligned_isFound() {
        EmulatorLibrary library =
                EmulatorLibrary.load(new EmulatorBuild(List.of("planted_hopper.cu")).library());
        int failed =
                library.emulator_launch(
                        library.emulator_function("planted_hopper/fetches_a_tile"),
                        1,
                        1,
                        1,
                        256,
                        1,
                        1,
                        0,
                        "tppi",
                        ByteBuffer.allocate(256),
                        new int[] {8, 136, 144, 152},
                        new int[] {128, 8, 8, 4});
        assertThat(failed).isOne();
        assertThat(library.emulator_error())
                .contains("argument 0 is a TensorMap at byte 8 of the parameters, no multiple of");
    }

    @Test
    void mapGivenAsAStruct_isFound() {
        Arguments arguments = planted.arguments(new Arguments().struct(new long[16]));
        assertThatThrownBy(() -> planted.launch("fetches_a_tile", 1, arguments))
                .hasMessageContaining("takes arguments of kinds tppi, the launch gives sppi");
    }

    private void assertFound(String kernel, String complaint) {
        assertThatThrownBy(() -> launch(kernel))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("kernel planted_hopper/" + kernel + ", block (0, 0, 0)")
                .hasMessageContaining(complaint);
    }

    private void launch(String kernel) {
        planted.launch(kernel, 1, planted.arguments());
    }
}
