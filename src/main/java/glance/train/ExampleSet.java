package glance.train;

import java.util.List;
import java.util.Optional;

/**
 * What a run learns from.
 *
 * @param examples in the order of the pictures
 * @param fingerprint changes when a picture, its size or a caption does
 * @param references the same of the pictures that they are made from; empty if there are none
 */
public record ExampleSet(
        List<TrainingExample> examples, String fingerprint, Optional<String> references) {}
