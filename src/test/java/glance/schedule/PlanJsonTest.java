package glance.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.BlockFactors;
import glance.api.FormatException;
import glance.api.Plan;
import glance.api.Plan.FixedSigmas;
import glance.api.Plan.GridSteps;
import glance.api.Plan.Phase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanJsonTest {
    private static final BlockFactors BLOCKS =
            new BlockFactors(
                    List.of(new BlockFactors.Range(0, 9, 0.5f), new BlockFactors.Range(12, 12, 0)));

    @TempDir Path folder;

    @Test
    void read_gridWithAllKeys() {
        Plan plan =
                read(
                        "{'name':'mine','of':50,'keep':[1,5,50],'phases':{'slow':[1,2],'late':[3,3]},"
                                + "'adapters':{'slow':['a.safetensors:0.5','/b.safetensors']}}");
        assertThat(plan.name()).isEqualTo("mine");
        assertThat(plan.levels()).isEqualTo(new GridSteps(50, List.of(1, 5, 50)));
        assertThat(plan.phases()).containsExactly(new Phase("slow", 1, 2), new Phase("late", 3, 3));
        assertThat(plan.adapters())
                .containsExactly(
                        Map.entry(
                                "slow",
                                List.of(
                                        new Plan.Adapter(
                                                folder + "/a.safetensors:0.5", BlockFactors.ONE),
                                        new Plan.Adapter("/b.safetensors", BlockFactors.ONE))));
    }

    @Test
    void read_adapterWithBlocks() {
        Plan plan =
                read(
                        "{'of':2,'phases':{'slow':[1,2]},'adapters':{'slow':[{'lora':'/a:0.2..1',"
                                + "'blocks':{'0-9':0.5,'12':0}}]}}");
        assertThat(plan.adapters().get("slow"))
                .containsExactly(new Plan.Adapter("/a:0.2..1", BLOCKS));
    }

    @Test
    void read_wholeGrid_isNamedAfterTheFile() {
        Plan plan = read("{'of':3}");
        assertThat(plan.name()).isEqualTo("plan");
        assertThat(plan.levels()).isEqualTo(new GridSteps(3, List.of(1, 2, 3)));
        assertThat(plan.phases()).isEmpty();
    }

    @Test
    void read_fileWhoseNameIsNoPlanName_isNamedPlan() throws IOException {
        Path file = Files.writeString(folder.resolve("(1).json"), "{\"of\": 3}");
        assertThat(PlanJson.read(file).name()).isEqualTo("plan");
    }

    @Test
    void read_sigmas_doNotDependOnScheduleOrSize() {
        Plan plan = read("{'sigmas':[1.0,0.9,0.25],'phases':{'slow':[2,2]}}");
        PhasePlan resolved = PhasePlan.of(plan, null, 64);
        assertThat(resolved.sigmas()).containsExactly(1f, 0.9f, 0.25f, 0f);
        assertThat(resolved.steps()).extracting(Step::phase).containsExactly(null, "slow", null);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{ | is not valid JSON",
                "[] | not a single JSON object",
                "{} | of: is missing",
                "{'of':50,'kept':[1]} | kept: is not a key of a plan; known keys: adapters, embedded_guidance, guidance",
                "{'of':0} | of: must be 1 to 1000, got 0",
                "{'of':2000000000} | of: must be 1 to 1000, got 2000000000",
                "{'of':'x'} | of: expected a whole number",
                "{'of':50,'keep':[]} | keep: must list at least one step",
                "{'of':50,'keep':[0]} | keep: step 0 is not in 1 to 50",
                "{'of':50,'keep':[1,51]} | keep: step 51 is not in 1 to 50",
                "{'of':50,'keep':[3,3]} | keep: steps must rise, got 3 after 3",
                "{'of':50,'keep':[1.5]} | keep: expected a whole number",
                "{'keep':[1]} | of: is missing",
                "{'sigmas':[1],'of':50} | of: cannot stand beside sigmas",
                "{'sigmas':[1],'keep':[1]} | keep: cannot stand beside sigmas",
                "{'sigmas':[]} | sigmas: must list 1 to 1000 values, got 0",
                "{'sigmas':[1.5]} | sigmas: must lie above 0 and at most at 1",
                "{'sigmas':[1,0]} | sigmas: must lie above 0",
                "{'sigmas':[0.5,0.7]} | sigmas: must fall, got 0.7 after 0.5",
                "{'sigmas':[0.5,0.499999999999]} | sigmas: must fall, got 0.5 after 0.5",
                "{'sigmas':['a']} | sigmas: expected a number",
                "{'of':5,'phases':{'slow':[1,6]}} | phases.slow: step 6 is beyond the last step 5",
                "{'of':5,'phases':{'slow':[0,2]}} | phases.slow: must be [first, last], got [0, 2]",
                "{'of':5,'phases':{'slow':[3,2]}} | phases.slow: must be [first, last], got [3, 2]",
                "{'of':5,'phases':{'slow':[1]}} | phases.slow: must be [first, last], got 1 values",
                "{'of':5,'phases':{'1-2':[1,2]}} | phases: a name must start with a letter",
                "{'of':5,'phases':{'a':[1,3],'b':[3,5]}} | phases.b: step 3 is also in phase a",
                "{'of':5,'phases':{'a':[1,1],'a':[2,2]}} | is not valid JSON (Duplicate field 'a'",
                "{'of':5,'phases':[1]} | phases: expected an object",
                "{'of':5,'adapters':{'slow':['x']}} | adapters: has a phase that is none of []",
                "{'of':5,'name':'../x'} | name: must have letters",
            })
    void read_invalid_namesFileAndKey(String json, String message) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(folder.resolve("plan.json") + ": ")
                .hasMessageContaining(message);
    }

    @Test
    void read_missingFile_isRefused() {
        assertThatThrownBy(() -> PlanJson.read(folder.resolve("none.json")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("none.json");
    }

    @Test
    void parse_invalid_namesTheKey() {
        assertThatThrownBy(() -> PlanJson.parse("{\"of\": 0}"))
                .isInstanceOf(FormatException.class)
                .hasMessage("of: must be 1 to 1000, got 0");
    }

    @Property(tries = 200)
    void write_thenParse_isTheSamePlan(@ForAll("plans") Plan plan) {
        assertThat(PlanJson.parse(PlanJson.write(plan))).isEqualTo(plan);
    }

    @Provide
    Arbitrary<Plan> plans() {
        Arbitrary<Plan.Levels> grids =
                Arbitraries.integers()
                        .between(1, 60)
                        .set()
                        .ofMinSize(1)
                        .map(steps -> new GridSteps(60, steps.stream().sorted().toList()));
        Arbitrary<Plan.Levels> sigmas =
                Arbitraries.floats()
                        .between(0, false, 1, true)
                        .ofScale(6)
                        .set()
                        .ofMinSize(1)
                        .ofMaxSize(60)
                        .map(
                                values ->
                                        new FixedSigmas(
                                                values.stream()
                                                        .sorted((a, b) -> Float.compare(b, a))
                                                        .toList()));
        return Arbitraries.oneOf(grids, sigmas)
                .map(
                        levels ->
                                new Plan(
                                        "any plan 1.0",
                                        levels,
                                        List.of(new Phase("slow", levels.count(), levels.count())),
                                        Map.of(
                                                "slow",
                                                List.of(
                                                        new Plan.Adapter("a:0.5", BLOCKS),
                                                        new Plan.Adapter("b", BlockFactors.ONE))),
                                        new Plan.Advice(1.5f, null, levels.count() / 7f)));
    }

    private Plan read(String json) {
        try {
            Path file = folder.resolve("plan.json");
            return PlanJson.read(Files.writeString(file, json.replace('\'', '"')));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
