package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Lora;
import glance.api.Request;
import glance.fixtures.Fixture;
import glance.io.Json;
import glance.serve.Served.Answer;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StableDiffusionTest {
    private static Served served;
    private static Path adapters;

    @BeforeAll
    static void serve(@TempDir Path folder) {
        adapters = Fixture.folder("glance-tiny-pipeline");
        served = new Served(Served.options(folder, adapters, null, 8));
    }

    @AfterAll
    static void close() {
        served.close();
    }

    private static byte[] png(Answer answer) {
        return Base64.getDecoder().decode(answer.json().path("images").get(0).asText());
    }

    @Test
    void txt2img_draws_andItsInfoIsJsonInAText() throws Exception {
        Answer answer =
                served.post(
                        "/sdapi/v1/txt2img",
                        "{\"prompt\": \"a red circle\", \"seed\": 7, \"steps\": 3, \"cfg_scale\": 2,"
                                + " \"sampler_name\": \"Euler\", \"width\": 64, \"height\": 64,"
                                + " \"override_settings\": {}}");
        assertThat(answer.status()).isEqualTo(200);
        Request same = Request.of("a red circle").seed(7).plan("uniform-3").guidance(2);
        assertThat(png(answer)).isEqualTo(served.model().draw(same).get(0).png());
        JsonNode info = Json.MAPPER.readTree(answer.json().path("info").asText());
        assertThat(info.path("seed").asLong()).isEqualTo(7);
        assertThat(info.path("all_seeds")).hasSize(1);
        assertThat(answer.json().path("parameters").path("steps").asInt()).isEqualTo(3);
    }

    @Test
    void adapterInThePrompt_andPlanAsScheduler_areUsed() throws Exception {
        Answer answer =
                served.post(
                        "/sdapi/v1/txt2img",
                        "{\"prompt\": \"a red circle <lora:slow:0.5>\", \"seed\": 7, \"steps\": 20,"
                                + " \"scheduler\": \"glance-8\"}");
        Lora slow = Lora.of(adapters.resolve("slow.safetensors")).strength(0.5f);
        Request same = Request.of("a red circle").seed(7).plan("glance-8").lora(slow);
        byte[] want = served.model().draw(same).get(0).png();
        int[] got = Pixels.of(png(answer));
        assertThat(got).isEqualTo(Pixels.of(want));
        assertThat(got)
                .isNotEqualTo(
                        Pixels.of(
                                served.model().draw(same.loras(java.util.List.of())).get(0).png()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "samplers",
                "schedulers",
                "sd-models",
                "loras",
                "upscalers",
                "latent-upscale-modes",
                "sd-vae",
                "sd-modules"
            })
    void lists_areArrays(String name) throws Exception {
        Answer answer = served.get("/sdapi/v1/" + name);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().isArray()).isTrue();
    }

    @Test
    void options_progress_interrupt_answer() throws Exception {
        assertThat(served.get("/sdapi/v1/options").json().path("sd_model_checkpoint").asText())
                .isEqualTo("glance-tiny");
        assertThat(
                        served.post("/sdapi/v1/options", "{\"sd_model_checkpoint\": \"other\"}")
                                .status())
                .isEqualTo(200);
        String id =
                served.post("/v1/jobs", "{\"prompt\": \"a\", \"plan\": \"uniform-1000\"}")
                        .json()
                        .path("id")
                        .asText();
        JsonNode progress = untilItDraws();
        assertThat(progress.path("state").path("job_count").asInt()).isEqualTo(1);
        assertThat(progress.path("progress").asDouble()).isPositive();
        // the job is not of this interface
        served.post("/sdapi/v1/interrupt", "");
        assertThat(served.get("/v1/jobs/" + id).json().path("state").asText()).isEqualTo("running");
        served.post("/v1/jobs/" + id + "/cancel", "");
        served.finished(id);

        CompletableFuture<Answer> own =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return served.post(
                                        "/sdapi/v1/txt2img",
                                        "{\"prompt\": \"a\", \"steps\": 1000}");
                            } catch (Exception e) {
                                throw new IllegalStateException(e);
                            }
                        });
        untilItDraws();
        served.post("/sdapi/v1/interrupt", "");
        assertThat(own.get().status()).isEqualTo(499);
        assertThat(served.get("/sdapi/v1/progress").json().path("state").path("job_count").asInt())
                .isZero();
    }

    private static JsonNode untilItDraws() throws Exception {
        JsonNode progress = served.get("/sdapi/v1/progress").json();
        while (progress.path("state").path("sampling_step").asInt() < 1) {
            progress = served.get("/sdapi/v1/progress").json();
        }
        return progress;
    }

    /** What Open WebUI sends: it sets the model first, and reads info as JSON. */
    @Test
    void openWebUi_setsTheModel_draws_andReadsInfo() throws Exception {
        String model = served.get("/sdapi/v1/options").json().path("sd_model_checkpoint").asText();
        assertThat(served.get("/sdapi/v1/sd-models").json().get(0).path("title").asText())
                .isEqualTo(model);
        served.post("/sdapi/v1/options", "{\"sd_model_checkpoint\": \"" + model + "\"}");
        Answer answer =
                served.post(
                        "/sdapi/v1/txt2img",
                        "{\"prompt\": \"a\", \"batch_size\": 2, \"width\": 64, \"height\": 64,"
                                + " \"steps\": 1, \"negative_prompt\": \"\", \"cfg_scale\": 7.0,"
                                + " \"sampler_name\": \"Euler\", \"scheduler\": \"Automatic\"}");
        assertThat(answer.json().path("images")).hasSize(2);
        assertThat(Json.MAPPER.readTree(answer.json().path("info").asText()).isObject()).isTrue();
    }

    /** What SillyTavern sends, with all that has no meaning here. */
    @Test
    void sillyTavern_sendsMuchMore_andGetsItsPicture() throws Exception {
        Answer answer =
                served.post(
                        "/sdapi/v1/txt2img",
                        "{\"prompt\": \"a\", \"negative_prompt\": \"b\","
                                + " \"sampler_name\": \"Euler a\", \"scheduler\": \"karras\","
                                + " \"steps\": 1, \"cfg_scale\": 0.5, \"width\": 64,"
                                + " \"height\": 64, \"restore_faces\": false,"
                                + " \"enable_hr\": false, \"hr_upscaler\": \"Latent\","
                                + " \"hr_scale\": 1.5, \"denoising_strength\": 0.7,"
                                + " \"hr_second_pass_steps\": 0, \"seed\": -1,"
                                + " \"override_settings\": {\"CLIP_stop_at_last_layers\": 1,"
                                + " \"sd_vae\": \"\", \"forge_additional_modules\": []},"
                                + " \"override_settings_restore_afterwards\": true,"
                                + " \"clip_skip\": 1, \"save_images\": true,"
                                + " \"send_images\": true, \"do_not_save_grid\": false,"
                                + " \"do_not_save_samples\": false}");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(Pixels.of(png(answer))).hasSize(64 * 64);
    }

    @Test
    void refusals_haveADetail() throws Exception {
        Answer answer = served.post("/sdapi/v1/txt2img", "{\"prompt\": \"\"}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).startsWith("prompt: is missing");
    }
}
