package glance.cli;

import glance.compare.Comparison;
import glance.compare.ComparisonRequest;
import glance.compare.ContactSheet;
import glance.compare.Contender;
import glance.compare.Outcome;
import glance.io.Images;
import glance.schedule.Seeds;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Takes the pictures of a comparison: onto the contact sheet, and into files if asked for. */
final class Gallery implements Comparison.PictureSink {
    private final ComparisonRequest request;
    private final CompareFiles files;
    private final boolean keepPictures;
    private final int rows;
    private final ContactSheet sheet;

    Gallery(ComparisonRequest request, CompareFiles files, int maxRows, boolean keepPictures) {
        this.request = request;
        this.files = files;
        this.keepPictures = keepPictures;
        rows = Math.min(maxRows, request.setting().prompts().size() * request.seeds().size());
        List<String> columns = new ArrayList<>(List.of(request.teacher().name()));
        request.contenders().stream().map(Contender::name).forEach(columns::add);
        sheet =
                new ContactSheet(
                        columns, rows, request.setting().width(), request.setting().height());
    }

    @Override
    public void accept(Outcome outcome, BufferedImage picture) {
        String prompt = request.setting().prompts().get(outcome.prompt());
        int row =
                outcome.prompt() * request.seeds().size() + request.seeds().indexOf(outcome.seed());
        if (row < rows) {
            if (outcome.distance() == null) {
                boolean several = request.seeds().size() > 1;
                sheet.label(
                        row,
                        several ? prompt + " (seed " + Seeds.text(outcome.seed()) + ")" : prompt);
            }
            sheet.put(row, outcome.contender(), picture);
        }
        if (keepPictures) {
            // A request to stop interrupts this thread, which would close the file.
            Thread.interrupted();
            Images.writePng(
                    files.picture(outcome.prompt(), outcome.seed(), outcome.contender()),
                    picture,
                    Map.of(
                            "prompt", prompt,
                            "seed", Seeds.text(outcome.seed()),
                            "run", outcome.contender()));
        }
    }

    BufferedImage sheet() {
        return sheet.picture();
    }
}
