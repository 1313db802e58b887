package glance.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the completion script that picocli makes of the commands. */
@Command(
        name = "completion",
        header = "Prints a script with which bash and zsh complete commands and options.",
        description = "",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Where the shell knows the command glance-engine:",
            "  source <(glance-engine completion)    in ~/.bashrc or ~/.zshrc"
        })
final class CompletionCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        CommandSpec root = spec.root();
        spec.commandLine().getOut().print(AutoComplete.bash(root.name(), root.commandLine()));
        spec.commandLine().getOut().flush();
    }
}
