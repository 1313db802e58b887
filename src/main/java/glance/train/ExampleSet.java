package glance.train;

import glance.api.FormatException;
import glance.io.Fingerprint;
import glance.io.Images;
import glance.io.PictureFit;
import glance.model.Canvas;
import glance.model.Family;
import glance.model.ReferenceRules;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.pipeline.ReferencePicture;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a run learns from.
 *
 * @param examples in the order of the pictures
 * @param fingerprint changes when a picture, its size or a caption does
 * @param references the same of the pictures that they are made from; empty if there are none
 */
public record ExampleSet(
        List<TrainingExample> examples, String fingerprint, Optional<String> references) {
    /**
     * Encodes pictures, their references and captions; the tensors belong to the innermost scope.
     * All texts come first, so that the text encoder is gone before the autoencoder is opened.
     *
     * @param fit what is done to a picture, but not to its references
     * @param rules what is done to these; not looked at where there are none
     * @param dropped what stands for a caption that is left out, or null if none ever is
     * @throws FormatException naming the file, if a picture cannot be used
     */
    public static ExampleSet encode(
            Encodings encodings,
            List<CaptionedPicture> pictures,
            PictureFit fit,
            Family.Geometry geometry,
            Optional<ReferenceRules> rules,
            String dropped) {
        TextBatch blank =
                dropped == null
                        ? null
                        : encodings.text(Map.of("the text of dropped captions", dropped));
        List<TextBatch> captions =
                pictures.stream()
                        .map(
                                picture ->
                                        encodings.text(
                                                Map.of(
                                                        "caption of "
                                                                + picture.picture().getFileName(),
                                                        picture.caption())))
                        .toList();
        List<TrainingExample> examples = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < pictures.size(); i++) {
            BufferedImage image = read(pictures.get(i), fit);
            TokenGrid grid = geometry.grid(image.getWidth(), image.getHeight());
            List<ReferencePicture> references = pictures.get(i).seen();
            List<Canvas.Reference> encoded =
                    references.stream()
                            .map(one -> encode(encodings, one, rules.orElseThrow(), geometry))
                            .toList();
            examples.add(
                    new TrainingExample(
                            encodings.latents(image),
                            captions.get(i),
                            blank,
                            new Canvas(grid, encoded)));
            references.forEach(one -> seen.add(one.hash()));
            seen.add("");
            keys.add(Encodings.pictureKey(image));
            keys.add(pictures.get(i).caption());
        }
        keys.add(String.valueOf(dropped));
        return new ExampleSet(
                List.copyOf(examples),
                fingerprint(keys),
                seen.stream().allMatch(String::isEmpty)
                        ? Optional.empty()
                        : Optional.of(fingerprint(seen)));
    }

    private static String fingerprint(List<String> parts) {
        return Fingerprint.of(parts.toArray(String[]::new));
    }

    private static Canvas.Reference encode(
            Encodings encodings,
            ReferencePicture reference,
            ReferenceRules rules,
            Family.Geometry geometry) {
        BufferedImage seen = reference.seen(rules);
        return new Canvas.Reference(
                encodings.latents(seen), geometry.grid(seen.getWidth(), seen.getHeight()));
    }

    private static BufferedImage read(CaptionedPicture picture, PictureFit fit) {
        try {
            return fit.apply(Images.readUpright(picture.picture()));
        } catch (IllegalArgumentException e) {
            throw new FormatException(picture.picture(), null, e.getMessage(), null, e);
        }
    }
}
