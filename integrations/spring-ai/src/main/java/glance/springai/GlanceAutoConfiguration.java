package glance.springai;

import glance.Glance;
import glance.Model;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.ai.image.observation.ImageModelObservationConvention;
import org.springframework.ai.model.SpringAIModelProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/**
 * The engine, its model and the image model as beans, each unless the application has its own; all
 * are closed with the context. Of several image models of Spring AI, {@code
 * spring.ai.model.image=glance} chooses this one. Engine and model are opened for the first bean
 * that wants them.
 */
@AutoConfiguration
@ConditionalOnProperty(
        name = SpringAIModelProperties.IMAGE_MODEL,
        havingValue = "glance",
        matchIfMissing = true)
@EnableConfigurationProperties(GlanceProperties.class)
public class GlanceAutoConfiguration {

    /** The engine on its device. */
    @Bean
    @Lazy
    @ConditionalOnMissingBean
    Glance glanceEngine(GlanceProperties properties) {
        return Glance.open(properties.device(), properties.deviceOptions());
    }

    /** The model; its weights come to the device with the first picture. */
    @Bean
    @Lazy
    @ConditionalOnMissingBean
    Model glanceModel(Glance glance, GlanceProperties properties) {
        return glance.load(properties.model());
    }

    /** The image model. */
    @Bean
    @ConditionalOnMissingBean
    GlanceImageModel glanceImageModel(
            Model model,
            GlanceProperties properties,
            ObjectProvider<ObservationRegistry> observations,
            ObjectProvider<ImageModelObservationConvention> convention) {
        return GlanceImageModel.builder()
                .model(model)
                .options(properties.options())
                .observationRegistry(observations.getIfUnique(() -> ObservationRegistry.NOOP))
                .observationConvention(convention.getIfAvailable())
                .build();
    }
}
