package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The emulator finds each planted mistake, and only those. */
class EmulatedDriverTest {
    private static final int COUNT = 40;

    private Driver driver;
    private long stream;
    private long x;
    private long out;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        driver = EmulatedDriver.of(List.of("planted"));
        stream = driver.createStream();
        x = driver.allocate(4 * COUNT);
        out = driver.allocate(4 * COUNT);
        upload(x, COUNT);
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.free(x);
            driver.free(out);
            driver.close();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "reads_past_the_end | reads 4 bytes of global memory at offset 160 of an"
                        + " allocation of 160 bytes",
                "writes_past_the_end | writes 4 bytes of global memory at offset 160",
                "reads_before_the_start | reads 4 bytes of global memory 4 bytes before",
                "reads_null | reads 4 bytes at (nil), which is neither global nor shared",
                "reads_four_words_past_the_end | bytes of global memory at offset 160",
                "reads_four_words_at_an_odd_place | is not a multiple of 16",
                "forgets_the_barrier | reads 4 bytes of shared memory that nobody has written",
                "overwrites_what_others_read | race in shared memory: write over what was read",
                "all_write_one_word | race in shared memory: write over what was written",
                "exchanges_between_warps | reads 4 bytes of shared memory that nobody",
                "reads_past_a_shared_array | reads 4 bytes of shared memory at offset 256 of an"
                        + " array of 256 bytes",
                "writes_past_dynamic_shared | writes 4 bytes of shared memory at offset 128 of"
                        + " an array of 128 bytes",
                "reads_unwritten_shared | reads 4 bytes of shared memory that nobody has written",
                "half_the_threads_meet | threads diverge at a barrier: thread 0 waits at the"
                        + " barrier planted.cu",
                "threads_meet_at_two_places | threads diverge at a barrier",
                "threads_leave_early | thread 40 has ended",
                "half_a_warp_shuffles | threads diverge at a barrier: thread 0 waits for lanes",
            })
    void mistake_isFound(String kernel, String complaint) {
        assertThatThrownBy(() -> launch(kernel, 128))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("kernel planted/" + kernel + ", block (0, 0, 0)")
                .hasMessageContaining(complaint);
    }

    @ParameterizedTest
    @ValueSource(strings = {"copy_words", "reverses", "exchanges_within_warps", "sums"})
    void correctKernel_runs(String kernel) {
        launch(kernel, 0);
        float first = download(out, 1).get(0);
        float expected =
                switch (kernel) {
                    case "reverses" -> COUNT - 1;
                    case "sums" -> COUNT * (COUNT - 1) / 2f;
                    default -> 0;
                };
        assertThat(first).isEqualTo(expected);
    }

    @Test
    void unwrittenGlobalMemory_isFound() {
        driver.renew(x, 4 * COUNT);
        assertThatThrownBy(() -> launch("copy_words", 0))
                .hasMessageContaining("reads 4 bytes of global memory that nobody has written");
    }

    @Test
    void unwrittenGlobalMemory_isNaN() {
        assertThat(download(out, COUNT).get(0)).isNaN();
    }

    @Test
    void recycledBlock_endsWhereItsOwnerAsked() {
        driver.renew(out, 4 * COUNT - 4);
        assertThatThrownBy(() -> launch("copy_words", 0))
                .hasMessageContaining("writes 4 bytes of global memory at offset 156");
    }

    @Test
    void freedMemory_isFound() {
        long gone = driver.allocate(4 * COUNT);
        driver.free(gone);
        assertThatThrownBy(() -> launch("copy_words", 0, x, gone, COUNT))
                .hasMessageContaining("writes 4 bytes of global memory");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "forgets_to_wait | reads 16 bytes of shared memory that nobody has written",
                "forgets_the_barrier_after_the_wait | race in shared memory: read of what was",
            })
    void mistakeWithAsynchronousCopies_isFound(String kernel, String complaint) {
        long source = driver.allocate(4 * 256);
        long target = driver.allocate(4 * 256);
        upload(source, 256);
        assertThatThrownBy(() -> launch(kernel, 0, source, target, 256))
                .hasMessageContaining(complaint);
    }

    @Test
    void asynchronousCopies_arrive_andFillWithZeros() {
        long source = driver.allocate(4 * 256);
        long target = driver.allocate(4 * 256);
        upload(source, 256);
        launch("copies_asynchronously", 0, source, target, 128);
        FloatBuffer result = download(target, 256);
        assertThat(result.get(0)).isEqualTo(4);
        assertThat(result.get(127)).isEqualTo(123);
        assertThat(result.get(128)).isZero();
    }

    @Test
    void tensorCores_multiplyAsTheirLayoutsSay() {
        long source = driver.allocate(4 * 256);
        long target = driver.allocate(4 * 128);
        upload(source, 256);
        launch("multiplies_tiles", 0, source, target, 256);
        FloatBuffer result = download(target, 128);
        for (int row = 0; row < 16; row++) {
            for (int column = 0; column < 8; column++) {
                double sum = 0;
                for (int k = 0; k < 16; k++) {
                    sum += (16 * row + k) * (16 * k + column); // small integers are exact in bf16
                }
                assertThat((double) result.get(8 * row + column)).isEqualTo(sum);
            }
        }
    }

    @Test
    void copyOverWhatAnotherStreamMayStillRead_isFound() {
        long copies = driver.createStream();
        ByteBuffer pinned = driver.allocatePinned(4 * COUNT);
        launch("copy_words", 0);
        assertThatThrownBy(() -> driver.upload(pinned, x, copies))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("upload of 160 bytes may come too early or too late")
                .hasMessageContaining("last work of stream " + stream);
    }

    @Test
    void kernelThatDoesNotWaitForACopy_isFound() {
        long copies = driver.createStream();
        ByteBuffer pinned = driver.allocatePinned(4 * COUNT);
        driver.synchronize(stream); // the first upload is done
        driver.upload(pinned, x, copies);
        assertThatThrownBy(() -> launch("copy_words", 0))
                .hasMessageContaining("copy_words")
                .hasMessageContaining("may come too early or too late");
    }

    @Test
    void eventRecordedBeforeTheLastReader_isNotEnough() {
        long copies = driver.createStream();
        long event = driver.createEvent();
        ByteBuffer pinned = driver.allocatePinned(4 * COUNT);
        driver.record(event, stream);
        launch("copy_words", 0);
        driver.waitEvent(copies, event);
        assertThatThrownBy(() -> driver.upload(pinned, x, copies))
                .hasMessageContaining("may come too early or too late");
    }

    @Test
    void streamsThatWaitForEachOther_run() {
        long copies = driver.createStream();
        long read = driver.createEvent();
        long arrived = driver.createEvent();
        ByteBuffer pinned = driver.allocatePinned(4 * COUNT);
        pinned.putFloat(0, 7);
        launch("copy_words", 0);
        driver.record(read, stream);
        driver.waitEvent(copies, read);
        driver.upload(pinned, x, copies);
        driver.record(arrived, copies);
        driver.waitEvent(stream, arrived);
        launch("copy_words", 0);
        assertThat(download(out, 1).get(0)).isEqualTo(7);
        driver.synchronize(stream);
        driver.freePinned(pinned); // the stream was behind the copy
    }

    @Test
    void pinnedMemoryGivenBackUnderACopy_isFound() {
        ByteBuffer pinned = driver.allocatePinned(4 * COUNT);
        driver.upload(pinned, x, stream);
        assertThatThrownBy(() -> driver.freePinned(pinned))
                .hasMessageContaining("pinned memory is given back while stream");
    }

    @Test
    void argumentsThatDoNotFit_areFound() {
        KernelFunction function = driver.function(driver.loadModule("planted"), "copy_words");
        Arguments swapped = new Arguments().i32(COUNT).pointer(x).pointer(out);
        assertThatThrownBy(
                        () ->
                                driver.launch(
                                        new Launch(function, Grid.of(1), 64, 0, swapped), stream))
                .hasMessageContaining("takes arguments of kinds ppi, the launch gives ipp");
    }

    /**
     * The kernel has arrays of 256 bytes that the driver does not know of, and 1 KB is reserved.
     */
    @Test
    void sharedMemoryAbove48Kilobytes_hasToBeAskedFor_andHasALimit() {
        assertThatThrownBy(() -> launch("reverses", 48_000))
                .hasMessageContaining(
                        "has 256 bytes of shared arrays besides 48000 dynamic ones and 1024"
                                + " reserved; more than 49152 have to be asked for");
        launch("reverses", 49_152);
        launch("reverses", 48_000);
        launch("reverses", 100_096);
        assertThatThrownBy(() -> launch("reverses", 100_352))
                .hasMessageContaining("at most 49152 and 101376 in all fit every GPU");
        assertThatThrownBy(() -> launch("reverses", 100_353))
                .hasMessageContaining("a block of emulated on the CPU has at most 100352");
    }

    @Test
    void blockLargerThanTheLaunchBounds_isFound() {
        KernelFunction function = driver.function(driver.loadModule("planted"), "copy_words");
        Arguments arguments = new Arguments().pointer(x).pointer(out).i32(COUNT);
        assertThat(function.maxThreads()).isEqualTo(64);
        assertThatThrownBy(
                        () ->
                                driver.launch(
                                        new Launch(function, Grid.of(1), 128, 0, arguments),
                                        stream))
                .hasMessageContaining("takes 1 to 64 threads in a block, the launch gives 128");
    }

    @Test
    void graph_repeatsWhatWasCaptured() {
        Launch copy = launchOf("copy_words", 0, x, out, COUNT);
        driver.beginCapture(stream);
        driver.launch(copy, stream);
        long graph = driver.endCapture(stream);
        assertThat(download(out, 1).get(0)).isNaN();
        driver.launchGraph(graph, stream);
        assertThat(download(out, COUNT).get(COUNT - 1)).isEqualTo(COUNT - 1);
        driver.destroyGraph(graph);
    }

    @Test
    void capture_refusesWhatAGpuRefuses() {
        driver.beginCapture(stream);
        for (Runnable call :
                List.<Runnable>of(
                        () -> driver.allocate(512),
                        () -> driver.free(x),
                        () -> driver.synchronize(stream),
                        () -> driver.loadModule("planted"))) {
            assertThatThrownBy(call::run)
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("is not permitted while a stream is captured");
        }
        driver.destroyGraph(driver.endCapture(stream));
    }

    @Test
    void unknownKernel_isNamed() {
        assertThatThrownBy(() -> driver.function(driver.loadModule("planted"), "none"))
                .hasMessage("cuda-emulated: planted.cu has no kernel none");
    }

    private void launch(String kernel, int sharedBytes) {
        launch(kernel, sharedBytes, x, out, COUNT);
    }

    private void launch(String kernel, int sharedBytes, long from, long to, int count) {
        driver.launch(launchOf(kernel, sharedBytes, from, to, count), stream);
    }

    private Launch launchOf(String kernel, int sharedBytes, long from, long to, int count) {
        KernelFunction function = driver.function(driver.loadModule("planted"), kernel);
        Arguments arguments = new Arguments().pointer(from).pointer(to).i32(count);
        return new Launch(function, Grid.of(1), function.maxThreads(), sharedBytes, arguments);
    }

    /** 0, 1, 2, ... */
    private void upload(long address, int count) {
        ByteBuffer bytes = driver.allocatePinned(4 * count);
        for (int i = 0; i < count; i++) {
            bytes.putFloat(4 * i, i);
        }
        driver.upload(bytes, address, stream);
    }

    private FloatBuffer download(long address, int count) {
        ByteBuffer bytes = driver.allocatePinned(4 * count);
        driver.download(address, bytes, stream);
        return bytes.asFloatBuffer();
    }
}
