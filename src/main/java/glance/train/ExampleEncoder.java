package glance.train;

import glance.api.FormatException;
import glance.io.Fingerprint;
import glance.io.Images;
import glance.io.PictureFit;
import glance.model.Canvas;
import glance.model.Family;
import glance.model.ReferenceRules;
import glance.model.text.TextBatch;
import glance.pipeline.ReferencePicture;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Encodes pictures, their captions, and what they are made from. */
final class ExampleEncoder {
    private final Encodings encodings;
    private final PictureFit fit;
    private final Family.Geometry geometry;
    private final Optional<ReferenceRules> rules;

    /** Of captions that are left out, by the hashes of what they are about. */
    private final Map<List<String>, TextBatch> blanks = new HashMap<>();

    /**
     * @param fit what is done to a picture, but not to its references
     * @param rules what is done to these; needed where there are some
     */
    ExampleEncoder(
            Encodings encodings,
            PictureFit fit,
            Family.Geometry geometry,
            Optional<ReferenceRules> rules) {
        this.encodings = encodings;
        this.fit = fit;
        this.geometry = geometry;
        this.rules = rules;
    }

    /** The texts of a picture. */
    private record Texts(TextBatch caption, TextBatch dropped) {}

    /**
     * Encodes all; the tensors belong to the innermost scope. All texts come first, so that the
     * text encoder is gone before the autoencoder is opened.
     *
     * @param dropped what stands for a caption that is left out, or null if none ever is
     * @throws FormatException naming the file, if a picture cannot be used
     */
    ExampleSet encode(List<CaptionedPicture> pictures, String dropped) {
        List<Texts> texts = pictures.stream().map(picture -> texts(picture, dropped)).toList();
        List<TrainingExample> examples = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        List<String> hashes = new ArrayList<>();
        for (int i = 0; i < pictures.size(); i++) {
            BufferedImage image = read(pictures.get(i));
            List<ReferencePicture> seen = pictures.get(i).seen();
            examples.add(
                    new TrainingExample(
                            encodings.latents(image),
                            texts.get(i).caption(),
                            texts.get(i).dropped(),
                            new Canvas(
                                    geometry.grid(image.getWidth(), image.getHeight()),
                                    seen.stream().map(this::encode).toList())));
            keys.add(Encodings.pictureKey(image));
            keys.add(pictures.get(i).caption());
            seen.forEach(one -> hashes.add(one.hash()));
            hashes.add(""); // the next picture's follow
        }
        keys.add(String.valueOf(dropped));
        boolean none = pictures.stream().allMatch(picture -> picture.references().isEmpty());
        return new ExampleSet(
                List.copyOf(examples),
                fingerprint(keys),
                none ? Optional.empty() : Optional.of(fingerprint(hashes)));
    }

    private Texts texts(CaptionedPicture picture, String dropped) {
        List<ReferencePicture> seen = picture.seen();
        seen.forEach(this::require);
        String of = "caption of " + picture.picture().getFileName();
        return new Texts(
                text(of, picture.caption(), seen), dropped == null ? null : blank(dropped, seen));
    }

    /** One for all pictures of which the text encoder sees the same references, or none. */
    private TextBatch blank(String text, List<ReferencePicture> seen) {
        boolean sees = rules.filter(ReferenceRules::describes).isPresent();
        List<ReferencePicture> about = sees ? seen : List.of();
        return blanks.computeIfAbsent(
                about.stream().map(ReferencePicture::hash).toList(),
                hashes -> text("the text of dropped captions", text, about));
    }

    private TextBatch text(String name, String text, List<ReferencePicture> seen) {
        return encodings.text(Map.of(name, text), pictures(seen));
    }

    /** As the text encoder is to see them, at any size. */
    static List<BufferedImage> pictures(List<ReferencePicture> references) {
        return references.stream().map(ReferencePicture::picture).toList();
    }

    /** The text encoder is told no files, so what the model refuses is refused before. */
    private void require(ReferencePicture reference) {
        BufferedImage picture = reference.picture();
        try {
            rules.filter(ReferenceRules::describes)
                    .ifPresent(rule -> rule.result(picture.getWidth(), picture.getHeight()));
        } catch (IllegalArgumentException e) {
            throw new FormatException(reference.file(), null, e.getMessage(), null, e);
        }
    }

    private Canvas.Reference encode(ReferencePicture reference) {
        BufferedImage seen;
        try {
            seen = reference.seen(rules.orElseThrow());
        } catch (IllegalArgumentException e) {
            throw new FormatException(reference.file(), null, e.getMessage(), null, e);
        }
        return new Canvas.Reference(
                encodings.latents(seen), geometry.grid(seen.getWidth(), seen.getHeight()));
    }

    private BufferedImage read(CaptionedPicture picture) {
        try {
            return fit.apply(Images.readUpright(picture.picture()));
        } catch (IllegalArgumentException e) {
            throw new FormatException(picture.picture(), null, e.getMessage(), null, e);
        }
    }

    private static String fingerprint(List<String> parts) {
        return Fingerprint.of(parts.toArray(String[]::new));
    }
}
