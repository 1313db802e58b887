package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The emulator finds what blocks of a cluster forget, and lets correct ones run. */
class EmulatedClusterMistakesTest {
    private static final int OUT_BYTES = 4 * 128 * 8;
    private static final int BLOCKS = 2; // a cluster

    private PlantedKernels planted;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        planted = new PlantedKernels("planted_clusters", OUT_BYTES);
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
                "fetches_for_both | 1",
                "tells_the_other_block | 2",
                "meets_twice | 3",
                "fills_a_stage_again | 3",
            })
    void correctKernel_runs(String kernel, float first) {
        launch(kernel, BLOCKS);
        ByteBuffer bytes = planted.results();
        assertThat(bytes.getFloat(0)).isEqualTo(first);
        assertThat(bytes.getFloat(4 * 128)).isEqualTo(first);
    }

    /** More clusters than the emulated GPU has room for. */
    @Test
    void clusters_runOneAfterTheOther() {
        launch("fetches_for_both", 8);
        ByteBuffer bytes = planted.results();
        for (int i = 0; i < OUT_BYTES; i += 4) {
            assertThat(bytes.getFloat(i)).isOne();
        }
    }

    @Test
    void gridThatIsNoMultipleOfTheCluster_isFound() {
        assertThatThrownBy(() -> launch("fetches_for_both", 3))
                .hasMessageContaining("a grid of 3 blocks along x, in clusters of 2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "forgets_to_meet_after_the_init | uses a barrier that nobody has made",
                "meets_only_its_own_block_after_the_init | uses a barrier that thread 0 has made,"
                        + " with no cluster_sync between",
                "forgets_the_init_fence | made without barrier_init_fence",
                "waits_as_within_a_block | waits by barrier_wait for what another block tells;"
                        + " barrier_wait_cluster sees it",
                "names_a_block_too_many | names block 2 of a cluster of 2",
                "waits_in_vain | no block can go on, and 0 of the grid have not begun on 4"
                        + " multiprocessors: block (0, 0, 0): thread 0 waits for parity 0",
                "waits_in_vain | waits for its cluster at planted_clusters.cu:",
                "one_block_does_not_meet | where 128 of 256 threads came",
                "lanes_meet_at_different_places | lanes of a warp meet their cluster at different"
                        + " places: thread 0 at planted_clusters.cu:",
            })
    void mistakeWithBarriers_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "takes_before_it_is_told | race in global memory: write over what was read by"
                        + " thread 0 of block 1",
                "tells_without_a_release | race in global memory: read of what was written by"
                        + " thread 0 of block 1",
                "forgets_to_meet | race in global memory: write over what was read by thread 0 of"
                        + " block 0",
                "takes_the_tile_without_waiting | reads 2 bytes of shared memory that nobody has"
                        + " written",
                "refills_without_waiting | a bulk copy overwrites shared memory that a bulk copy is"
                        + " on its way to",
                "gives_back_what_threads_load | copy over what was read by thread 1, no barrier",
                "waits_for_its_own_block_alone | a bulk copy overwrites shared memory that a bulk"
                        + " copy is on its way to",
            })
    void mistakeWithOrder_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "announces_at_one_block_alone | the block ends while bulk copies",
                "brings_a_tile_to_one_too_many | brings a tile to the blocks 4 of a cluster of 2",
                "ends_before_the_other_arrives | nobody waits for thread 0 of block 1; cluster_sync"
                        + " at the end is missing",
                "ends_after_the_other_has_arrived | touches the shared memory of block 1 of its"
                        + " cluster, which has ended",
                "ends_while_a_tile_comes | touches the shared memory of block 1 of its cluster,"
                        + " which has ended",
            })
    void mistakeWithBytesAndEnds_isFound(String kernel, String complaint) {
        assertFound(kernel, complaint);
    }

    private void assertFound(String kernel, String complaint) {
        assertThatThrownBy(() -> launch(kernel, BLOCKS))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("kernel planted_clusters/" + kernel + ", block (")
                .hasMessageContaining(complaint);
    }

    private void launch(String kernel, int blocks) {
        planted.launch(kernel, blocks, planted.arguments());
    }
}
