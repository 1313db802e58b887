package glance.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import example.Stars;
import glance.Glance;
import glance.Model;
import glance.api.Plans;
import glance.api.Precision;
import glance.api.Request;
import glance.api.RequestException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** An application gets an image model, says how it draws, or brings its own. */
class GlanceAutoConfigurationTest {
    private final ApplicationContextRunner runner =
            new ApplicationContextRunner()
                    .withConfiguration(AutoConfigurations.of(GlanceAutoConfiguration.class));

    /** What an application may have of its own. */
    @Configuration(proxyBeanMethods = false)
    static class OwnModel {
        @Bean
        Model mine(Glance glance) {
            return glance.load("glance-tiny");
        }
    }

    /** An image model over nothing that the auto-configuration opens. */
    @Configuration(proxyBeanMethods = false)
    static class OwnImages {
        static final GlanceImageModel IMAGES;
        static final Glance ENGINE = Glance.open("cpu");

        static {
            IMAGES = GlanceImageModel.builder().model(ENGINE.builtIn()).build();
        }

        @Bean
        GlanceImageModel mine() {
            return IMAGES;
        }
    }

    @Test
    void anApplicationThatAsksForNothing_getsTheModelInTheJar() {
        runner.run(
                context -> {
                    assertThat(context).hasSingleBean(ImageModel.class);
                    assertThat(context.getBean(Model.class).name()).isEqualTo("glance-tiny");
                    assertThat(context.getBean(GlanceImageModel.class).getOptions())
                            .isEqualTo(GlanceImageOptions.builder().model("glance-tiny").build());
                });
    }

    @Test
    void properties_arrive() {
        runner.withPropertyValues(
                        "glance.model=glance-tiny",
                        "glance.device=cpu",
                        "glance.threads=1",
                        "glance.precision=f32",
                        "glance.n=2",
                        "glance.width=32",
                        "glance.height=48",
                        "glance.seed=7",
                        "glance.negative=a circle",
                        "glance.guidance=2.5",
                        "glance.embedded-guidance=3",
                        "glance.max-prompt-tokens=8",
                        "glance.plan=uniform-2",
                        "glance.loras[0]=glance-tiny/experts/slow.safetensors:0.5@1,2")
                .run(
                        context -> {
                            GlanceImageOptions expected =
                                    GlanceImageOptions.builder()
                                            .model("glance-tiny")
                                            .n(2)
                                            .width(32)
                                            .height(48)
                                            .seed(7L)
                                            .negative("a circle")
                                            .guidance(2.5f)
                                            .embeddedGuidance(3f)
                                            .maxPromptTokens(8)
                                            .plan(Plans.uniform(2))
                                            .lora("glance-tiny/experts/slow.safetensors:0.5@1,2")
                                            .build();
                            assertThat(context.getBean(GlanceImageModel.class).getOptions())
                                    .isEqualTo(expected);
                            GlanceProperties properties = context.getBean(GlanceProperties.class);
                            assertThat(properties.deviceOptions().threads()).isEqualTo(1);
                            assertThat(properties.deviceOptions().precision())
                                    .isEqualTo(Precision.F32);
                            assertThat(context.getBean(Glance.class).device().id())
                                    .isEqualTo("cpu");
                        });
    }

    @Test
    void theContext_drawsAsTheLibrary_andClosesTheModel() {
        Model[] model = new Model[1];
        GlanceImageModel[] images = new GlanceImageModel[1];
        runner.withPropertyValues("glance.seed=7", "glance.plan=uniform-2")
                .run(
                        context -> {
                            model[0] = context.getBean(Model.class);
                            images[0] = context.getBean(GlanceImageModel.class);
                            String picture =
                                    images[0]
                                            .call(new ImagePrompt("a star"))
                                            .getResult()
                                            .getOutput()
                                            .getB64Json();
                            Request request = Request.of("a star").seed(7).plan("uniform-2");
                            assertThat(Base64.getDecoder().decode(picture))
                                    .isEqualTo(model[0].draw(request).get(0).png());
                        });
        assertThatThrownBy(() -> model[0].draw("a star"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> images[0].call(new ImagePrompt("a star")))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anApplicationWithBeansOfItsOwn_keepsThem() {
        runner.withUserConfiguration(OwnModel.class)
                .run(
                        context -> {
                            assertThat(context).hasSingleBean(Model.class).hasBean("mine");
                            assertThat(context).hasSingleBean(GlanceImageModel.class);
                        });
        runner.withUserConfiguration(OwnImages.class)
                .withPropertyValues("glance.model=not/there")
                .run(
                        context ->
                                assertThat(context.getBean(ImageModel.class))
                                        .isSameAs(OwnImages.IMAGES));
        OwnImages.ENGINE.close();
    }

    @Test
    void anotherImageModel_mayBeChosen() {
        runner.withPropertyValues("spring.ai.model.image=openai")
                .run(context -> assertThat(context).doesNotHaveBean(ImageModel.class));
        runner.withPropertyValues("spring.ai.model.image=glance")
                .run(context -> assertThat(context).hasSingleBean(GlanceImageModel.class));
    }

    private static FailureAnalysis failure(AssertableApplicationContext context) {
        assertThat(context).hasFailed();
        return new GlanceFailureAnalyzer().analyze(context.getStartupFailure());
    }

    @Test
    void badProperties_stopTheApplicationWithOneLine() {
        runner.withPropertyValues("glance.plan=fast")
                .run(
                        context ->
                                assertThat(failure(context).getDescription())
                                        .startsWith("plan 'fast': expected one of"));
        runner.withPropertyValues("glance.loras=none.safetensors")
                .run(
                        context ->
                                assertThat(failure(context).getDescription())
                                        .contains("none.safetensors", "no such file"));
        runner.withPropertyValues("glance.model=/no/such/folder")
                .run(
                        context ->
                                assertThat(failure(context).getDescription())
                                        .contains("/no/such/folder")
                                        .doesNotContain("\n"));
        runner.withPropertyValues("glance.device=tpu")
                .run(context -> assertThat(failure(context).getDescription()).contains("'tpu'"));
        assertThat(new GlanceFailureAnalyzer().analyze(new IllegalStateException("other")))
                .isNull();
        assertThat(new GlanceFailureAnalyzer().analyze(new RequestException("a")).getAction())
                .contains("glance.");
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void anApplicationThatCannotStart_saysWhy(CapturedOutput output) {
        assertThatThrownBy(() -> SpringApplication.run(Stars.class, "--glance.plan=fast"))
                .hasRootCauseInstanceOf(RequestException.class);
        assertThat(output)
                .contains("Description:\n\nplan 'fast': expected one of full, ")
                .contains("Action:\n\nMend what the description names.");
    }

    @Test
    void metadata_describesEachProperty() throws IOException {
        String file = "/META-INF/spring-configuration-metadata.json";
        try (InputStream in = GlanceProperties.class.getResourceAsStream(file)) {
            String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            for (RecordComponent property : GlanceProperties.class.getRecordComponents()) {
                String name = property.getName().replaceAll("([A-Z])", "-$1").toLowerCase();
                assertThat(json)
                        .containsPattern(
                                "\"name\": \"glance." + name + "\",[^}]*\"description\": \"");
            }
        }
    }
}
