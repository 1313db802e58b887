package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTest {
    @TempDir Path folder;

    @Test
    void values_ofEveryKind_areTyped() {
        Config config =
                config(
                        "{'i':3,'whole':2.0,'d':1e-6,'f':true,'s':'x','n':null,'is':[1,2],"
                                + "'ds':[1,2.5],'ss':['a'],'fs':[true,false],'o':{'i':4}}");
        assertThat(config.integer("i")).isEqualTo(3);
        assertThat(config.integer("whole")).isEqualTo(2);
        assertThat(config.integer("n", 9)).isEqualTo(9);
        assertThat(config.number("d")).isEqualTo(1e-6);
        assertThat(config.number("i")).isEqualTo(3.0);
        assertThat(config.number("none", 0.5)).isEqualTo(0.5);
        assertThat(config.flag("f")).isTrue();
        assertThat(config.flag("none", true)).isTrue();
        assertThat(config.string("s")).isEqualTo("x");
        assertThat(config.string("none", null)).isNull();
        assertThat(config.integers("is")).containsExactly(1, 2);
        assertThat(config.numbers("ds")).containsExactly(1.0, 2.5);
        assertThat(config.strings("ss")).containsExactly("a");
        assertThat(config.flags("fs")).containsExactly(true, false);
        assertThat(config.object("o").integer("i")).isEqualTo(4);
        assertThat(config.has("n")).isFalse();
        assertThat(config.has("i")).isTrue();
    }

    @Test
    void parse_textInsideAFile_namesFileAndPlace() {
        Path file = Path.of("lora.safetensors");
        Config config = Config.parse(file, "metadata", "{\"r\": 4, \"o\": {\"s\": 1}}");
        assertThat(config.integer("r")).isEqualTo(4);
        refused(() -> config.string("r"), "lora.safetensors: metadata.r: expected a string");
        refused(() -> config.object("o").string("s"), "metadata.o.s: expected a string");
        refused(
                () -> Config.parse(file, "metadata", "{"),
                "lora.safetensors: metadata: is not valid JSON");
        refused(() -> Config.parse(null, null, "[]"), "not a single JSON object");
        refused(() -> Config.parse(null, null, "{}").string("s"), "s: is missing");
    }

    @Test
    void objects_ofAList_areNumberedInMessages() {
        Config config = config("{'os':[{'i':1},{'i':'x'}],'bad':[{},3]}");
        assertThat(config.objects("os")).hasSize(2);
        assertThat(config.objects("os").get(0).integer("i")).isEqualTo(1);
        refused(
                () -> config.objects("os").get(1).integer("i"),
                "config.json: os[1].i: expected a whole number, got \"x\"");
        refused(() -> config.objects("bad"), "bad[1]: expected an object, got 3");
    }

    @Test
    void values_ofWrongType_nameFileKeyExpectedAndGot() {
        Config config = config("{'a':'3','b':1.5,'c':3000000000,'d':[1,'x'],'o':{'i':true}}");
        refused(() -> config.integer("a"), "config.json: a: expected a whole number, got \"3\"");
        refused(() -> config.integer("b"), "b: expected a whole number, got 1.5");
        refused(() -> config.integer("c"), "c: expected a whole number, got 3000000000");
        refused(() -> config.integer("a", 1), "a: expected a whole number");
        refused(() -> config.number("a"), "a: expected a number");
        refused(() -> config.flag("b", false), "b: expected true or false, got 1.5");
        refused(() -> config.string("b"), "b: expected a string");
        refused(() -> config.integers("b"), "b: expected a list");
        refused(() -> config.integers("d"), "d: expected a whole number, got \"x\"");
        refused(() -> config.object("b"), "b: expected an object");
        refused(() -> config.object("o").integer("i"), "o.i: expected a whole number, got true");
        refused(() -> config.integer("none"), "none: is missing");
        refused(() -> config.object("o").string("none"), "o.none: is missing");
    }

    @Test
    void className_fromDiffusersOrTransformers() {
        assertThat(config("{'_class_name':'A','architectures':['B']}").className()).isEqualTo("A");
        assertThat(config("{'architectures':['B','C']}").className()).isEqualTo("B");
        refused(() -> config("{'architectures':[]}").className(), "_class_name or architectures");
    }

    @Test
    void accepts_supportedOrAbsent_passes() {
        Config config = config("{'s':'gelu','i':2,'d':1.0,'f':false,'l':[1,2],'n':null}");
        assertThatCode(
                        () -> {
                            config.accepts("s", "silu", "gelu");
                            config.accepts("i", 1, 2);
                            config.accepts("d", 1);
                            config.accepts("f", false);
                            config.accepts("l", List.of(1, 2));
                            config.accepts("n", "x");
                            config.accepts("none", "x");
                        })
                .doesNotThrowAnyException();
    }

    @Test
    void accepts_otherValue_isRefusedWithTheSupportedOnes() {
        Config config = config("{'s':'relu','i':3,'l':[1,2,3],'o':{'f':true}}");
        refused(
                () -> config.accepts("s", "silu", "gelu"),
                "config.json: s: value \"relu\" is not supported; supported: [\"silu\",\"gelu\"]");
        refused(() -> config.accepts("s", false), "s: value");
        refused(() -> config.accepts("i", 2, "3"), "i: value 3 is not supported");
        refused(() -> config.accepts("l", List.of(1, 2)), "l: value [1,2,3]");
        refused(() -> config.object("o").accepts("f", false), "o.f: value true");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "3", "{", "{'a':1,'a':2}", "{} {}", "{'a':NaN}", "{'a':01}"})
    void read_notASingleObject_isRefused(String json) {
        refused(() -> config(json), "config.json: ");
    }

    @Test
    void read_deepNesting_isRefused() {
        refused(() -> config("{'a':" + "[".repeat(100_000)), "nesting");
    }

    @Test
    void read_missing_isRefused() {
        refused(() -> Config.read(folder.resolve("none.json")), "none.json: no such file");
    }

    private Config config(String json) {
        try {
            return Config.read(
                    Files.writeString(folder.resolve("config.json"), json.replace('\'', '"')));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }
}
