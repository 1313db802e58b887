package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The emulator finds what blocks that work for each other forget, and lets correct ones run. */
class EmulatedBlocksMistakesTest {
    private static final int OUT_BYTES = 4 * 128 * 8;
    private static final int BLOCKS = 4; // as many as the emulated GPU has multiprocessors

    private PlantedKernels planted;
    private long flags;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        planted = new PlantedKernels("planted_blocks", OUT_BYTES);
        flags = planted.zeros(64);
    }

    @AfterEach
    void close() {
        if (planted != null) {
            planted.close();
        }
    }

    /** The value is that of the element with the index. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "takes_from_a_later_block | 128 | 3",
                "takes_through_a_third | 128 | 3",
                "last_one_adds_up | 512 | 4",
                "copies_what_another_wrote | 0 | 2",
                "reads_what_another_stored | 0 | 2",
            })
    void correctKernel_runs(String kernel, int index, float value) {
        launch(kernel, BLOCKS);
        assertThat(planted.results().getFloat(4 * index)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "waits_for_more_than_come | no block can go on, and 0 of the grid have not begun on"
                        + " 4 multiprocessors: block (0, 0, 0): thread 0 waits for a flag at"
                        + " planted_blocks.cu:",
                "waits_for_more_than_come | to be 5, which is 4; threads 1 to 127: waits at the"
                        + " barrier",
                "waits_for_more_than_come | block (3, 0, 0): thread 0 waits for a flag",
                "has_its_flag_in_shared_memory | a flag at",
                "has_its_flag_in_shared_memory | which is not global memory",
            })
    void mistakeWithWaits_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    /** As on a GPU, blocks that wait do not leave their multiprocessors. */
    @ParameterizedTest
    @CsvSource({"5", "6"})
    void waitForABlockWithoutRoom_isFound(int blocks) {
        assertThatThrownBy(() -> launch("waits_for_who_has_no_room", blocks))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining((blocks - 4) + " of the grid have not begun on 4 multiproc");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "forgets_the_flag | read of what was written by thread 0 of block 0, no flag or"
                        + " barrier of a cluster between",
                "tells_before_it_writes | read of what was written by thread 0 of block 3, no flag",
                "tells_before_the_barrier | read of what was written by thread 1 of block 3",
                "hears_and_forgets_the_barrier | write over what was read by thread 1 of block 0",
                "waits_for_one_of_two | write over what was read by thread 0 of block 0, no flag",
                "waits_late_for_one_of_two | read of what was written by thread 0 of block 1, no flag",
                "both_write | write over what was written by thread 0 of block 0, no flag",
                "overwrites_what_another_reads | write over what was read by thread 0 of block 0",
                "races_within_a_block | write over what was read by thread 0 of block 0, no barrier"
                        + " between",
            })
    void mistakeWithOrder_isFound(String kernel, String complaint) {
        assertFound(kernel, "race in global memory: " + complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "writes_without_a_fence | written without fence_proxy_async_global after it, before"
                        + " it told of it",
                "copies_without_a_fence | without fence_proxy_async_global after that was told,"
                        + " before the copy",
                "copies_its_own_without_a_fence | that thread 0 of block 0 has written without"
                        + " fence_proxy_async_global",
                "copies_before_it_hears | read of what was written by thread 0 of block 0",
                "overwrites_what_is_copied | write over what was read by a bulk copy of block 0",
                "tells_before_the_store_has_written | by a bulk store of thread 0 of block 1, which"
                        + " was not waited for by bulk_store_wait",
            })
    void mistakeWithBulkCopies_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    private void assertFound(String kernel, String complaint) {
        assertThatThrownBy(() -> launch(kernel, BLOCKS))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("kernel planted_blocks/" + kernel + ", block (")
                .hasMessageContaining(complaint);
    }

    private void launch(String kernel, int blocks) {
        planted.launch(kernel, blocks, planted.arguments(flags));
    }
}
