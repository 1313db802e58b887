package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsTest {
    private static final String INDEX = "model.safetensors.index.json";

    @TempDir Path folder;

    @Test
    void open_shardedFixture_findsEveryTensorOfTheIndex() {
        Path fixture = Path.of(System.getProperty("glance.fixtures")).resolve("flux-transformer");
        ShardIndex index =
                ShardIndex.read(fixture.resolve("diffusion_pytorch_model.safetensors.index.json"));
        try (Weights weights = Weights.open(fixture)) {
            assertThat(weights.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(index.weightMap().keySet());
            weights.tensors()
                    .forEach(
                            (name, info) ->
                                    assertThat((long) weights.data(name).remaining())
                                            .isEqualTo(info.bytes()));
            assertThat(weights.source().toString()).endsWith(".index.json");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"diffusion_pytorch_model.safetensors", "model.safetensors"})
    void open_folderWithSingleFile_usesIt(String name) {
        write(name, "a", 1);
        write("case.safetensors", "other", 2);
        try (Weights weights = Weights.open(folder)) {
            assertThat(weights.tensors().keySet()).containsExactly("a");
            assertThat(weights.source()).isEqualTo(folder.resolve(name));
            assertThat(weights.metadata()).containsEntry("from", name);
        }
    }

    @Test
    void open_fileItself_opensIt() {
        Path file = write("any-name.safetensors", "a", 1);
        assertThat(Weights.open(file).data("a").get()).isEqualTo((byte) 1);
    }

    @Test
    void open_shardsOrIndexFile_joinsThem() throws IOException {
        shards();
        index(
                "{'metadata':{'total_size':2},'weight_map':{'a':'1.safetensors','b':'2.safetensors'}}");
        for (Path path : new Path[] {folder, folder.resolve(INDEX)}) {
            Weights weights = Weights.open(path);
            assertThat(weights.data("a").get()).isEqualTo((byte) 1);
            assertThat(weights.data("b").get()).isEqualTo((byte) 2);
            assertThatThrownBy(() -> weights.data("c"))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void open_emptyFolder_saysWhatIsExpected() {
        refused("holds no weights", "model.safetensors");
    }

    @Test
    void open_severalIndexes_isRefused() throws IOException {
        index("{}");
        Files.writeString(folder.resolve("b.safetensors.index.json"), "{}");
        refused("several indexes", INDEX);
    }

    @Test
    void open_missingShard_isNamed() throws IOException {
        shards();
        index("{'weight_map':{'a':'1.safetensors','b':'3.safetensors'}}");
        refused("shard 3.safetensors is missing");
    }

    @Test
    void open_indexNamesAbsentTensor_isNamed() throws IOException {
        shards();
        index("{'weight_map':{'a':'1.safetensors','c':'2.safetensors'}}");
        refused(INDEX + ": c: is not in 2.safetensors");
    }

    @Test
    void open_tensorInAShardThatTheIndexGivesToAnother_isNamed() throws IOException {
        shards();
        Map<String, HostTensor> both = new LinkedHashMap<>();
        both.put("a", tensor(1));
        both.put("b", tensor(9));
        SafetensorsWriter.write(folder.resolve("1.safetensors"), both, Map.of());
        index("{'weight_map':{'a':'1.safetensors','b':'2.safetensors'}}");
        refused("1.safetensors: b: is here, but the index gives it to 2.safetensors");
    }

    @Test
    void open_unlistedTensorInTwoShards_isNamed() throws IOException {
        for (String shard : new String[] {"1", "2"}) {
            Map<String, HostTensor> both = new LinkedHashMap<>();
            both.put("own" + shard, tensor(1));
            both.put("twice", tensor(2));
            SafetensorsWriter.write(folder.resolve(shard + ".safetensors"), both, Map.of());
        }
        index("{'weight_map':{'own1':'1.safetensors','own2':'2.safetensors'}}");
        refused("twice: is also in 1.safetensors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'../x.safetensors'",
                "'/etc/x.safetensors'",
                "'sub/x.safetensors'",
                "'..\\\\x.safetensors'",
                "'C:x.safetensors'",
                "'x\\u0000.safetensors'",
                "'x.bin'",
                "'..'",
                "''",
                "1",
                "null",
                "['1.safetensors']"
            })
    void open_indexPointsOutsideTheFolder_isRefused(String target) throws IOException {
        shards();
        index("{'weight_map':{'a':" + target + "}}");
        refused(INDEX + ": a: must name a .safetensors file in the same folder");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'weight_map':[]}",
                "{'weight_map':{}}",
                "[]",
                "",
                "{'weight_map':{'a':'1.safetensors','a':'2.safetensors'}}",
                "{'weight_map':{'a':'1.safetensors'}} trailing"
            })
    void open_damagedIndex_isRefused(String json) throws IOException {
        shards();
        index(json);
        refused(INDEX);
    }

    private void shards() {
        write("1.safetensors", "a", 1);
        write("2.safetensors", "b", 2);
    }

    private Path write(String file, String name, int value) {
        Path path = folder.resolve(file);
        SafetensorsWriter.write(path, Map.of(name, tensor(value)), Map.of("from", file));
        return path;
    }

    private static HostTensor tensor(int value) {
        return new HostTensor(DType.U8, Shape.of(1), ByteBuffer.wrap(new byte[] {(byte) value}));
    }

    private void index(String json) throws IOException {
        Files.writeString(folder.resolve(INDEX), json.replace('\'', '"'));
    }

    private void refused(String... parts) {
        assertThatThrownBy(() -> Weights.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContainingAll(parts);
    }
}
