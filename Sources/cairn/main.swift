import CairnCommands

Program.run()
