package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageTest {
    @TempDir Path folder;

    private Storage storage() throws Exception {
        return Storage.of(folder.toString(), new Configuration(false));
    }

    @Test
    void put_whereAFileIs_keepsThatOne() throws Exception {
        assertThat(storage().put("pictures/a.png", new byte[] {1}, "x")).containsExactly(1);
        assertThat(storage().put("pictures/a.png", new byte[] {2}, "y")).containsExactly(1);
        assertThat(folder.resolve("pictures/a.png")).hasBinaryContent(new byte[] {1});
        storage().sweep();
        assertThat(files()).containsExactly(Path.of("pictures/a.png"));
    }

    @Test
    void put_byManyAtOnce_leavesOneWholeFile() throws Exception {
        int writers = 8;
        CyclicBarrier start = new CyclicBarrier(writers);
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try {
            List<Future<byte[]>> all = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                String attempt = "attempt" + i;
                byte[] bytes = new byte[1 << 20];
                Arrays.fill(bytes, (byte) i);
                Storage storage = storage();
                all.add(
                        threads.submit(
                                () -> {
                                    start.await();
                                    return storage.put("pictures/a.png", bytes, attempt);
                                }));
            }
            List<byte[]> returned = new ArrayList<>();
            for (Future<byte[]> one : all) {
                returned.add(one.get());
            }
            byte[] file = Files.readAllBytes(folder.resolve("pictures/a.png"));
            assertThat(file).hasSize(1 << 20).containsOnly(file[0]);
            assertThat(returned).allSatisfy(bytes -> assertThat(bytes).isEqualTo(file));
        } finally {
            threads.shutdownNow();
        }
        assertThat(files()).containsExactly(Path.of("pictures/a.png"));
    }

    @Test
    void sweep_removesWhatIsAside_andKeepsRows() throws Exception {
        Files.createDirectories(folder.resolve("_glance/aside"));
        Files.createDirectories(folder.resolve("_glance/rows/run"));
        Files.writeString(folder.resolve("_glance/aside/left.png"), "left");
        Files.writeString(folder.resolve("_glance/rows/run/part"), "rows");
        storage().sweep();
        assertThat(files()).containsExactly(Path.of("_glance/rows/run/part"));
        assertThat(storage().folders(Storage.ROWS)).hasSize(1);
    }

    private List<Path> files() throws Exception {
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.filter(Files::isRegularFile).map(folder::relativize).toList();
        }
    }
}
